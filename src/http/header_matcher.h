// Envoy's HeaderMatcher: a condition on one request header, its absence included.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "http/header_id.h"
#include "http/message.h"
#include "http/string_matcher.h"

namespace proa::http {

/// How a field that occurs several times is compared (threats P4). With one value they are the same.
enum class ValuesMode : uint8_t {
  kEach,  ///< any single value, as Envoy does: routes, filters, retries, logs. Inverted: none
  kAny,   ///< any single value or the joined one: rules that deny
  kAll,   ///< every single value and the joined one: rules that allow
};

/// Immutable. Matches request heads, where ":method", ":path", ":authority" (or "host"), ":scheme" and
/// ":protocol" are members of the head, and plain lists (responses, trailers).
class HeaderMatcher {
 public:
  struct Present {
    bool wanted = true;
  };
  struct Range {  ///< the value is a decimal integer in [begin, end)
    int64_t begin = 0;
    int64_t end = 0;
  };
  struct Spec {
    std::string name;
    std::variant<Present, Range, StringMatcher> match;
    bool invert = false;
    bool treat_missing_as_empty = false;
  };

  /// Fails for an empty name.
  static Result<HeaderMatcher> make(Spec spec);

  bool matches(const RequestHead& head, ValuesMode mode = ValuesMode::kEach) const;
  bool matches(const HeaderList& headers, ValuesMode mode = ValuesMode::kEach) const;
  /// A response head, where ":status" is the code.
  bool matches(const ResponseHead& head, ValuesMode mode = ValuesMode::kEach) const;

  const std::string& name() const { return spec_.name; }
  std::string describe() const;

 private:
  explicit HeaderMatcher(Spec spec);
  bool matches_value(std::optional<std::string_view> value) const;
  bool holds_for(std::string_view value) const;  // before the inversion
  Spec spec_;
  HeaderId id_;
};

/// The value of a header or pseudo-header of a request, several joined by ","; nullopt when absent.
std::optional<std::string_view> request_value(const RequestHead& head, std::string_view lower_case_name);

}  // namespace proa::http
