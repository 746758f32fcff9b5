#include "grpc/server_connection.h"

#include <utility>

#include "base/log.h"
#include "http/h2/server_connection.h"

namespace proa::grpc {

namespace {

/// An answer of HTTP to what is no gRPC request; nothing more is heard of its stream.
class NotGrpc final : public http::RequestReceiver, public net::Deferred {
 public:
  void on_data(std::string_view, bool) override {}
  void on_trailers(http::HeaderList&) override {}
  void on_reset(http::ResetReason, std::string_view) override {}
  void on_writable() override {}

  /// Within on_request() only.
  static http::RequestReceiver& answer(net::Loop& loop, http::ServerStream& stream, std::unique_ptr<Arena> arena,
                                       uint16_t status, bool end) {
    auto refusal = std::make_unique<NotGrpc>();
    http::ResponseHead head(*arena);
    head.status = status;
    head.version = http::Version::kHttp2;
    stream.send_response(head, true);
    if (!end) stream.reset(http::ResetReason::kNone);
    http::RequestReceiver& receiver = *refusal;
    loop.defer_delete(std::move(refusal));
    return receiver;
  }
};

}  // namespace

ServerConnections::~ServerConnections() {
  while (ServerConnection* connection = list_.pop_front()) delete connection;
}

void ServerConnections::add(ServerConnection& connection) {
  list_.push_back(connection);
  ++size_;
}

void ServerConnections::remove(ServerConnection& connection) {
  static_cast<ListLink<>&>(connection).unlink();
  if (--size_ > 0 || !when_empty_) return;
  std::exchange(when_empty_, nullptr)();
}

void ServerConnections::when_empty(std::move_only_function<void()> f) {
  if (size_ == 0) return f();
  when_empty_ = std::move(f);
}

void ServerConnection::start(std::unique_ptr<net::Transport> transport, bool tls, const Services& services,
                             const ConnectionRules& rules, ServerConnections& connections) {
  auto* connection = new ServerConnection(std::move(transport), services, rules, connections);
  connections.add(*connection);
  if (tls) {
    connection->timer_.start(connection->loop(), rules.handshake_timeout);
  } else {
    connection->begin();
  }
}

ServerConnection::ServerConnection(std::unique_ptr<net::Transport> transport, const Services& services,
                                   const ConnectionRules& rules, ServerConnections& connections)
    : CodecPump(std::move(transport), Role::kServer),
      services_(services),
      rules_(rules),
      connections_(connections),
      timer_(net::Timer::of<&ServerConnection::on_timer>(this)) {}

ServerConnection::~ServerConnection() {
  while (ServerCall* call = calls_.pop_front()) delete call;
}

void ServerConnection::begin() {
  phase_ = Phase::kOpen;
  timer_.start(loop(), spread(rules_.max_age));
  // gRPC's own clients make the :authority of the path of a Unix socket: "%2Frun%2Fproa%2Fapi".
  const bool any_authority = transport().info().direct_remote.is_unix();
  CodecPump::start(
      std::make_unique<http::h2::ServerConnection>(*this, *this, rules_.http2, loop().now(), any_authority),
      /*try_read=*/true);
}

// By the connection's number: no two neighbours at the same time.
Milliseconds ServerConnection::spread(Milliseconds around) const {
  if (around.count() <= 0) return around;
  const auto tenth = static_cast<int64_t>(transport().info().id * 7919 % 201) - 100;  // -100 .. 100
  return around + around * tenth / 1000;
}

void ServerConnection::on_connected() {
  if (phase_ == Phase::kHandshake) begin();
}

void ServerConnection::on_connect_failed(std::string reason) {
  log::get("grpc").debug("{}: no TLS: {}", transport().info().remote.to_string(), reason);
  abort();
}

void ServerConnection::on_timer() {
  switch (phase_) {
    case Phase::kHandshake: return abort();
    case Phase::kOpen: return drain(rules_.max_age_grace);
    case Phase::kDraining: break;
    case Phase::kEnding: return;
  }
  phase_ = Phase::kEnding;
  calls_.for_each([](ServerCall& call) { call.cancel({Code::kUnavailable, "the server ends this connection"}); });
}

void ServerConnection::drain(Milliseconds grace) {
  phase_ = Phase::kDraining;
  timer_.start(loop(), grace);
  shut_down();
}

http::RequestReceiver& ServerConnection::on_request(http::ServerStream& stream, http::RequestHead& head,
                                                    std::unique_ptr<Arena> arena, bool end) {
  if (head.method_id != http::Method::kPost) return NotGrpc::answer(loop(), stream, std::move(arena), 405, end);
  if (!http::is_grpc(head.headers)) return NotGrpc::answer(loop(), stream, std::move(arena), 415, end);
  auto* call =
      new ServerCall(loop(), transport().shared_info(), stream, head, std::move(arena), rules_.max_message, end);
  calls_.push_back(*call);
  const Services::Open* open = services_.find(head.path);
  if (phase_ == Phase::kEnding) {
    call->finish({Code::kUnavailable, "the server ends this connection"});
  } else if (open) {
    call->start((*open)(*call));
  } else {
    call->finish({Code::kUnimplemented, "unknown method " + std::string(head.path)});
  }
  return *call;
}

void ServerConnection::on_closed() {
  timer_.stop();
  connections_.remove(*this);
  loop().defer_delete(std::unique_ptr<net::Deferred>(this));
}

}  // namespace proa::grpc
