#include "http/h1/client_connection.h"
#include "http/h2/client_connection.h"
#include "net/socket_transport.h"
#include "upstream/cluster.h"
#include "upstream/connection_factory.h"

namespace proa::upstream {

namespace {

class SystemConnections final : public ConnectionFactory {
 public:
  Result<std::unique_ptr<net::Transport>> connect(net::Loop& loop, const net::Address& address, Cluster& cluster,
                                                  const TransportSocketSpec& socket, const TransportOptions* options,
                                                  UpstreamProtocol protocol) override {
    net::ConnectOptions how;
    if (const SocketSpec* spec = cluster.spec().socket_options.get()) {
      how.source = spec->source;
      for (const net::Address& other : spec->more_sources) {
        if (how.source.family() != address.family() && other.family() == address.family()) how.source = other;
      }
      if (how.source.family() != address.family()) how.source = {};
      how.keep_alive = spec->keep_alive;
      how.options = spec->options;
    }
    if (options && options->source) {
      how.source = options->source;
      how.transparent = true;
    }
    auto transport = net::SocketTransport::connect(loop, address, how);
    if (!transport) return std::unexpected(transport.error());
    (void)socket;
    (void)protocol;
    return std::unique_ptr<net::Transport>(std::move(*transport));
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
