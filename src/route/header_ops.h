// Adding and removing headers as routes configure it: one flat list per route, merged when it is compiled.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "http/headers.h"
#include "observe/formatter.h"
#include "observe/stream_info.h"

namespace proa::route {

/// Envoy's HeaderValueOption.append_action.
enum class AppendAction : uint8_t {
  kAppendIfExistsOrAdd,  ///< one more field of that name
  kAddIfAbsent,
  kOverwriteIfExistsOrAdd,
  kOverwriteIfExists,
};

/// One step; made by HeaderOps.
struct HeaderOp {
  std::string name;  ///< lower case
  http::HeaderId id = http::HeaderId::kOther;
  bool remove = false;
  AppendAction action = AppendAction::kAppendIfExistsOrAdd;
  bool keep_empty_value = false;  ///< add the field also when its value formats to nothing
  observe::Formatter value;       ///< of an addition
};

/// Immutable once built.
class HeaderOps {
 public:
  /// `value` is a format string. Fails for a pseudo-header, Host, an invalid name or a bad format string.
  Status add(std::string name, std::string_view value, AppendAction action = AppendAction::kAppendIfExistsOrAdd,
             bool keep_empty_value = false);
  /// Fails for a pseudo-header, Host and an invalid name. Within one HeaderOps removals go before additions.
  Status remove(std::string name);
  /// The steps of `later` after these.
  void append(const HeaderOps& later);

  /// Changes `headers`; names live as long as the configuration, values are made in `arena`.
  void apply(http::HeaderList& headers, const observe::StreamInfo& info, Arena& arena) const;
  bool empty() const { return steps_.empty(); }
  const std::vector<HeaderOp>& steps() const { return steps_; }

 private:
  std::vector<HeaderOp> steps_;
};

struct MessageOps {
  HeaderOps request;
  HeaderOps response;
};

}  // namespace proa::route
