#include "xds/refusal.h"

#include "base/utf8.h"

namespace proa::xds {

std::string refusal_text(std::string reason) {
  constexpr size_t kMost = 4096;  // Envoy's
  const bool cut = reason.size() > kMost;
  if (cut) reason.resize(kMost);
  reason = well_formed_utf8(reason, '?');
  if (cut) reason += "...(truncated)";
  return reason;
}

}  // namespace proa::xds
