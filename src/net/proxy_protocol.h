// The PROXY protocol, versions 1 and 2: parser and writer.
// https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"
#include "net/transport.h"

namespace proa::net {

/// Which TLVs go on from one header to another. Source: envoy.config.core.v3.ProxyProtocolPassThroughTLVs.
struct TlvSelection {
  bool all = false;
  std::vector<uint8_t> types{};  ///< unless all
  bool nothing() const { return !all && types.empty(); }
};

struct ProxyHeader {
  uint8_t version = 0;  // 1 or 2
  /// No addresses are told (LOCAL, UNKNOWN, UNSPEC): those of the socket stay.
  bool local = false;
  Address source{};
  Address destination{};
  std::vector<ProxyTlv> tlvs{};  // version 2, in order, without NOOP and the checksum
  size_t size = 0;               // bytes of the header: what follows is payload
};

struct ProxyParse {
  enum class State : uint8_t {
    kNeedMore,
    kDone,
    kAbsent,  // the first bytes are no PROXY header
    kError,   // close the connection
  };
  State state = State::kNeedMore;
  ProxyHeader header;
  std::string_view error;  // a constant sentence
  uint8_t version = 0;     // with kError: whose signature was there
};

/// Longest header taken: the kernel must be able to hold it while the rest is awaited.
inline constexpr size_t kMaxProxyHeader = 16 * 1024;

/// `bytes` is everything received so far, from the first byte; no state between calls. Lengths are strict: a TLV that
/// does not end with the header, or a checksum that does not fit, is an error. So are Unix addresses, as in Envoy; a
/// datagram protocol is not: who gathers datagrams into a stream tells of their sender. Only to be called for
/// connections from sources that are trusted to send it.
ProxyParse parse_proxy_header(std::string_view bytes);

/// Those of `tlvs` that are wanted, in their order.
std::vector<ProxyTlv> selected(std::span<const ProxyTlv> tlvs, const TlvSelection& wanted);

/// "PROXY TCP4 ..."; UNKNOWN unless both are IP. A pair of mixed families is written as IPv6.
std::string write_proxy_v1(const Address& source, const Address& destination);
/// LOCAL (a connection of our own, like a health check) when `source` is kNone. TLVs that would pass the length of
/// 65535 are left out, last ones first.
std::string write_proxy_v2(const Address& source, const Address& destination, std::span<const ProxyTlv> tlvs = {});

}  // namespace proa::net
