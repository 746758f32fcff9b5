// How the field names of an HTTP/1 message were spelt, for peers that tell names apart by case although they must not
// (RFC 9110 section 5.1).
// Source: envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/arena.h"

namespace proa::http {

enum class PreserveCase : uint8_t {
  kNo,
  kYes,            ///< names that the message did not have are lower-case
  kElseProperCase  ///< "Content-Type"
};

/// Lives in the arena of its message.
class HeaderCase {
 public:
  explicit HeaderCase(bool else_proper_case) : else_proper_case_(else_proper_case) {}
  /// The name of one field line, which outlives this; of several spellings of a name the first one counts.
  void add(std::string_view name) { names_.push_back(name); }
  /// The spelling of a lower-case name; empty if the message did not have it.
  std::string_view find(std::string_view lower_case_name) const;
  bool else_proper_case() const { return else_proper_case_; }

 private:
  std::vector<std::string_view> names_;
  bool else_proper_case_;
};

/// Of a head or trailer section as received. `section` is well-formed; its first line is skipped.
const HeaderCase* read_header_case(std::string_view section, PreserveCase mode, Arena& arena);

}  // namespace proa::http
