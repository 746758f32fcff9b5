#include "xds/refusal.h"

#include <string_view>

#include "config/scalar_text.h"

namespace proa::xds {

std::string refusal_text(std::string reason) {
  constexpr size_t kMost = 4096;  // Envoy's
  const bool cut = reason.size() > kMost;
  if (cut) reason.resize(kMost);
  size_t at = 0;
  for (size_t next; (next = config::invalid_utf8(std::string_view(reason).substr(at))) != std::string::npos;) {
    reason[at + next] = '?';
    at += next + 1;
  }
  if (cut) reason += "...(truncated)";
  return reason;
}

}  // namespace proa::xds
