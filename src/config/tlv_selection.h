// pass_through_tlvs, of listeners and of upstreams.
#pragma once

#include "envoy/config/core/v3/proxy_protocol.pb.h"
#include "net/proxy_protocol.h"

namespace proa::config {

net::TlvSelection tlv_selection(const envoy::config::core::v3::ProxyProtocolPassThroughTLVs& from);

}  // namespace proa::config
