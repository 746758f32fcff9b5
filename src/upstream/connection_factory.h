// How connections and codecs are made: the seam between pools and the world. Tests put memory transports behind it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/codec.h"
#include "net/transport.h"
#include "upstream/spec.h"

namespace proa::upstream {

class Cluster;
class Host;

/// What one request changes about the connection it needs. Immutable; part of a pool's key.
struct TransportOptions {
  std::string sni;                ///< empty: the cluster's
  std::vector<std::string> alpn;  ///< empty: the cluster's
  std::vector<std::string> sans;  ///< the certificate must have one of these; empty: the cluster's
  net::Address source;            ///< bind to it (transparent); kNone: the cluster's
  net::Address proxied_source;    ///< for a PROXY header: the client; kNone: "LOCAL"
  net::Address proxied_destination;
  std::vector<net::ProxyTlv> proxied_tlvs;  ///< of the client's own header
  /// Equal options have equal hashes; made by whoever builds them.
  uint64_t hash = 0;
  bool operator==(const TransportOptions&) const = default;
};

/// Stateless or thread-safe: all workers share one.
class ConnectionFactory {
 public:
  virtual ~ConnectionFactory() = default;
  /// Starts to connect to `address`; the observer is set by the caller before the next turn. The transport calls
  /// on_connected() after the TLS handshake, if there is one. An error known at once is returned.
  /// `options` may be null. `h2_only` / `h1_only` narrow the ALPN list that is offered.
  virtual Result<std::unique_ptr<net::Transport>> connect(net::Loop& loop, const net::Address& address,
                                                          Cluster& cluster, const TransportSocketSpec& socket,
                                                          const TransportOptions* options,
                                                          UpstreamProtocol protocol) = 0;
  virtual std::unique_ptr<http::ClientCodec> make_codec(bool http2, http::CodecOwner& owner, const HttpSpec& spec,
                                                        MonoTime now) = 0;
};

/// Sockets, OpenSSL, and our codecs.
ConnectionFactory& system_connections();

}  // namespace proa::upstream
