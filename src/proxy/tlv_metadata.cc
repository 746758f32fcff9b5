#include "proxy/tlv_metadata.h"

#include "base/utf8.h"

namespace proa::proxy {

std::shared_ptr<const observe::Metadata> tlv_metadata(std::span<const TlvRule> rules,
                                                      std::span<const net::ProxyTlv> tlvs) {
  std::shared_ptr<observe::Metadata> metadata;
  for (const net::ProxyTlv& tlv : tlvs) {
    for (const TlvRule& rule : rules) {
      if (rule.type != tlv.type) continue;
      if (!metadata) metadata = std::make_shared<observe::Metadata>();
      metadata->root[rule.space].emplace(rule.key, well_formed_utf8(tlv.value));
    }
  }
  return metadata;
}

}  // namespace proa::proxy
