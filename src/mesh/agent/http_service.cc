#include "mesh/agent/http_service.h"

#include "base/log.h"
#include "http/codec_pump.h"
#include "http/h1/server_connection.h"
#include "net/socket_transport.h"

namespace proa::mesh {

namespace {

constexpr Milliseconds kIdle{60'000}, kLinger{1'000};

const http::Http1Options& codec_options() {
  static const http::Http1Options kOptions;
  return kOptions;
}

}  // namespace

/// Destroys itself when it has closed.
class HttpService::Connection final : public http::CodecPump,
                                      public http::ServerHandler,
                                      public net::Deferred,
                                      public ListLink<Connection> {
 public:
  Connection(HttpService& service, std::unique_ptr<net::Transport> transport)
      : CodecPump(std::move(transport), Role::kServer, kLinger),
        service_(&service),
        idle_(net::Timer::of<&Connection::on_idle>(this)) {
    idle_.start(loop(), kIdle);
  }
  ~Connection() override = default;

  void begin() { start(std::make_unique<http::h1::ServerConnection>(codec_options(), *this, *this), true); }
  void leave() {
    service_ = nullptr;
    abort();
  }

 private:
  /// What a reply finds of the request that it is for.
  struct Exchange {
    Connection* connection;
    http::ServerStream* stream;
    std::unique_ptr<Arena> arena;
    bool request_ended;
  };

  http::RequestReceiver& on_request(http::ServerStream& stream, http::RequestHead& head, std::unique_ptr<Arena> arena,
                                    bool end) override {
    HttpQuestion question{.method = std::string(head.method), .from = transport().info().remote};
    question.path = head.path.substr(0, head.path.find('?'));
    question.accept = head.headers.value(http::HeaderId::kAccept);
    exchange_ = std::make_shared<Exchange>(Exchange{this, &stream, std::move(arena), end});
    const std::weak_ptr<Exchange> kept = exchange_;
    if (service_) {
      service_->handler_(question, [kept](HttpAnswer answer) {
        if (auto exchange = kept.lock()) exchange->connection->reply(*exchange, answer);
      });
    }
    return body_;
  }

  void reply(Exchange& exchange, const HttpAnswer& answer) {
    http::ResponseHead head(*exchange.arena);
    head.status = answer.status;
    head.headers.add(http::HeaderId::kContentType, exchange.arena->copy(answer.content_type));
    head.headers.add(http::HeaderId::kContentLength, exchange.arena->copy(std::to_string(answer.body.size())));
    if (!exchange.request_ended) exchange.stream->close_after_response();
    exchange.stream->send_response(head, answer.body.empty());
    if (!answer.body.empty()) exchange.stream->send_data(answer.body, true);
    if (!exchange.request_ended) exchange.stream->reset(http::ResetReason::kNone);
    exchange_.reset();
  }

  /// Nothing of a body counts but its end.
  struct Body final : http::RequestReceiver {
    explicit Body(Connection& owner) : connection(owner) {}
    void on_data(std::string_view, bool end) override {
      if (connection.exchange_ && end) connection.exchange_->request_ended = true;
    }
    void on_trailers(http::HeaderList&) override { on_data({}, true); }
    void on_reset(http::ResetReason, std::string_view) override { connection.exchange_.reset(); }
    void on_writable() override {}
    Connection& connection;
  };

  void count(http::CodecCounter) override {}
  void on_progress() override { idle_.start(loop(), kIdle); }
  void on_idle() { abort(); }
  void on_closed() override {
    exchange_.reset();
    idle_.stop();
    ListLink<Connection>::unlink();
    if (service_) --service_->count_;
    loop().defer_delete(std::unique_ptr<net::Deferred>(this));
  }

  HttpService* service_;
  net::Timer idle_;
  Body body_{*this};
  std::shared_ptr<Exchange> exchange_;
};

HttpService::HttpService(net::Loop& loop, Handler handler) : loop_(loop), handler_(std::move(handler)) {}

HttpService::~HttpService() {
  while (Connection* connection = connections_.pop_front()) connection->leave();
}

Result<net::Address> HttpService::listen(const net::Address& address) {
  auto socket = net::listen_on(address, {});
  if (!socket) return std::unexpected(socket.error());
  auto acceptor = net::Acceptor::make(loop_, std::move(*socket), *this);
  if (!acceptor) return std::unexpected(acceptor.error());
  acceptor_ = std::move(*acceptor);
  return acceptor_->local();
}

void HttpService::on_accept(net::Fd fd, const net::Address& remote) {
  auto socket = net::SocketTransport::adopt(loop_, std::move(fd), remote);
  if (!socket) return log::get("sidecar").warn("{}: {}", remote.to_string(), socket.error().message);
  auto* connection = new Connection(*this, std::move(*socket));
  connections_.push_back(*connection);
  ++count_;
  connection->begin();
}

}  // namespace proa::mesh
