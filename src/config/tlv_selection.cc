#include "config/tlv_selection.h"

namespace proa::config {

net::TlvSelection tlv_selection(const envoy::config::core::v3::ProxyProtocolPassThroughTLVs& from) {
  net::TlvSelection to;
  to.all = from.match_type() == envoy::config::core::v3::ProxyProtocolPassThroughTLVs::INCLUDE_ALL;
  if (!to.all) to.types.assign(from.tlv_type().begin(), from.tlv_type().end());  // below 256 by the API's own rules
  return to;
}

}  // namespace proa::config
