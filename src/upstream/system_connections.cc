#include "http/h1/client_connection.h"
#include "http/h2/client_connection.h"
#include "net/peer_exchange.h"
#include "net/proxy_protocol.h"
#include "net/socket_transport.h"
#include "net/tls/transport.h"
#include "upstream/cluster.h"
#include "upstream/connection_factory.h"
#include "upstream/prefix_transport.h"

namespace proa::upstream {

namespace {

net::ConnectOptions socket_options(const Cluster& cluster, const net::Address& to, const TransportOptions* options) {
  net::ConnectOptions how;
  if (const SocketSpec* spec = cluster.spec().socket_options.get()) {
    how.source = spec->source;
    for (const net::Address& other : spec->more_sources) {
      if (how.source.family() != to.family() && other.family() == to.family()) how.source = other;
    }
    if (how.source.family() != to.family()) how.source = {};
    how.keep_alive = spec->keep_alive;
    how.options = spec->options;
  }
  if (options && options->source && options->source.family() == to.family()) {
    how.source = options->source;
    how.transparent = true;
  }
  return how;
}

std::string proxy_header(const TransportSocketSpec& socket, const TransportOptions* options) {
  static const TransportOptions kOurOwn;
  const TransportOptions& from = options ? *options : kOurOwn;
  if (socket.proxy_protocol == 1) return net::write_proxy_v1(from.proxied_source, from.proxied_destination);
  return net::write_proxy_v2(from.proxied_source, from.proxied_destination,
                             net::selected(from.proxied_tlvs, socket.proxy_tlvs));
}

// What is offered when neither the cluster nor the request says anything.
std::vector<std::string> default_alpn(UpstreamProtocol protocol) {
  switch (protocol) {
    case UpstreamProtocol::kHttp1: return {"http/1.1"};
    case UpstreamProtocol::kHttp2: return {"h2"};
    case UpstreamProtocol::kAuto: return {"h2", "http/1.1"};
    case UpstreamProtocol::kUseDownstream: break;
  }
  return {};
}

net::tls::ConnectOverrides tls_overrides(const net::tls::ClientContext& context, const TransportOptions* options,
                                         UpstreamProtocol protocol) {
  net::tls::ConnectOverrides overrides;
  if (options && !options->sni.empty()) overrides.sni = options->sni;
  if (options && !options->alpn.empty()) {
    overrides.alpn = options->alpn;
  } else if (context.alpn().empty()) {
    if (auto alpn = default_alpn(protocol); !alpn.empty()) overrides.alpn = std::move(alpn);
  }
  if (!options) return overrides;
  for (const std::string& name : options->sans) {
    using Type = net::tls::SanMatcher::Type;
    bool ip = net::Address::parse_ip(name, 0).has_value();
    overrides.sans.push_back({.type = ip ? Type::kIp : Type::kDns, .value = name});
    if (!ip) overrides.sans.push_back({.type = Type::kUri, .value = name});
  }
  return overrides;
}

class SystemConnections final : public ConnectionFactory {
 public:
  Result<std::unique_ptr<net::Transport>> connect(net::Loop& loop, const net::Address& address, Cluster& cluster,
                                                  const TransportSocketSpec& socket, const TransportOptions* options,
                                                  UpstreamProtocol protocol) override {
    auto made = net::SocketTransport::connect(loop, address, socket_options(cluster, address, options));
    if (!made) return std::unexpected(made.error());
    std::unique_ptr<net::Transport> transport = std::move(*made);
    if (socket.proxy_protocol) {
      transport = std::make_unique<PrefixTransport>(std::move(transport), proxy_header(socket, options));
    }
    if (!socket.tls) return transport;
    auto context = socket.tls->current();
    if (!context) return fail("TLS secrets have not arrived");
    auto overrides = tls_overrides(*context, options, protocol);
    transport = net::tls::connect(std::move(transport), std::move(context), overrides);
    if (const auto& exchange = cluster.spec().peer_exchange) {
      transport = std::make_unique<net::PeerExchange>(std::move(transport), exchange, /*connected=*/false);
    }
    return transport;
  }

  std::unique_ptr<http::ClientCodec> make_codec(bool http2, http::CodecOwner& owner, const HttpSpec& spec,
                                                MonoTime now) override {
    if (http2) return std::make_unique<http::h2::ClientConnection>(owner, spec.http2, now);
    return std::make_unique<http::h1::ClientConnection>(spec.http1, owner);
  }
};

}  // namespace

ConnectionFactory& system_connections() {
  static SystemConnections connections;
  return connections;
}

}  // namespace proa::upstream
