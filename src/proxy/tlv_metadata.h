// TLVs of a PROXY header as dynamic metadata of the connection, for what its rules name.
// Source: envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol.rules.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "net/transport.h"
#include "observe/metadata.h"

namespace proa::proxy {

/// One of `rules`: the value of a type goes to a key of a namespace.
struct TlvRule {
  uint8_t type = 0;
  std::string space;
  std::string key;
};

/// Null when no TLV is asked for. Metadata is text (base/utf8.h). Of several TLVs of one type the first one counts.
std::shared_ptr<const observe::Metadata> tlv_metadata(std::span<const TlvRule> rules,
                                                      std::span<const net::ProxyTlv> tlvs);

}  // namespace proa::proxy
