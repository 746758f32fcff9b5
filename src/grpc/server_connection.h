// A client's connection to a gRPC server.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/list.h"
#include "grpc/server_call.h"
#include "grpc/services.h"
#include "http/codec_pump.h"

namespace proa::grpc {

/// What all connections of a server have in common; outlives them.
struct ConnectionRules {
  ConnectionRules() {
    http2.underscores = http::UnderscoreAction::kAllow;  // metadata of gRPC has them
    http2.keepalive_interval = std::chrono::seconds(30);
  }
  http::Http2Options http2{};
  size_t max_message = kDefaultMaxMessage;  ///< of one that is received
  Milliseconds handshake_timeout{10'000};   ///< until TLS is established
  /// When clients are asked to come again (GOAWAY), so that they spread over replicas; each connection up to a tenth
  /// earlier or later. kNever: not at all.
  Milliseconds max_age{kNever};
  Milliseconds max_age_grace{10'000};  ///< what calls have left then
};

class ServerConnection;

/// The connections of a server, counted.
class ServerConnections {
 public:
  /// Deletes those that are left; not within one of their callbacks.
  ~ServerConnections();
  void add(ServerConnection& connection);
  void remove(ServerConnection& connection);
  size_t size() const { return size_; }
  template <class F>
  void for_each(F f) {
    list_.for_each(f);
  }
  /// Called, once, when the last one has gone; at once when there is none.
  void when_empty(std::move_only_function<void()> f);

 private:
  List<ServerConnection> list_;
  size_t size_ = 0;
  std::move_only_function<void()> when_empty_;
};

/// On its loop's thread. Destroys itself after the transport has closed.
///
///   accepted --[TLS]--> open --drain(grace)--> GOAWAY, calls go on --grace over--> calls ended --> closed
class ServerConnection final : public http::CodecPump,
                               public http::ServerHandler,
                               public net::Deferred,
                               public ListLink<> {
 public:
  /// `transport`: accepted, or a TLS transport that shakes hands (`tls`). Adds itself to `connections`, which like
  /// `services` and `rules` outlives it.
  static void start(std::unique_ptr<net::Transport> transport, bool tls, const Services& services,
                    const ConnectionRules& rules, ServerConnections& connections);
  ~ServerConnection() override;

  /// No new calls; those under way have `grace`, then they end with UNAVAILABLE and the connection closes.
  void drain(Milliseconds grace);

 private:
  ServerConnection(std::unique_ptr<net::Transport> transport, const Services& services, const ConnectionRules& rules,
                   ServerConnections& connections);

  // net::TransportObserver
  void on_connected() override;
  void on_connect_failed(std::string reason) override;
  // http::ServerHandler
  http::RequestReceiver& on_request(http::ServerStream& stream, http::RequestHead& head, std::unique_ptr<Arena> arena,
                                    bool end) override;
  // http::CodecPump
  void count(http::CodecCounter) override {}
  void on_closed() override;

  void begin();
  void on_timer();
  Milliseconds spread(Milliseconds around) const;

  enum class Phase : uint8_t { kHandshake, kOpen, kDraining, kEnding };

  const Services& services_;
  const ConnectionRules& rules_;
  ServerConnections& connections_;
  List<ServerCall, ServerCall> calls_;
  net::Timer timer_;  ///< the handshake's, then the age's, then the grace's
  Phase phase_ = Phase::kHandshake;
};

}  // namespace proa::grpc
