#include "mesh/agent/http_fetch.h"

#include "base/arena.h"
#include "http/codec_pump.h"
#include "http/h1/client_connection.h"
#include "net/socket_transport.h"

namespace proa::mesh {

namespace {

const http::Http1Options& codec_options() {
  static const http::Http1Options kOptions;
  return kOptions;
}

}  // namespace

class HttpFetch::Connection final : public http::CodecPump, public net::Deferred {
 public:
  Connection(HttpFetch& owner, std::unique_ptr<net::Transport> transport, const FetchOptions& options)
      : CodecPump(std::move(transport), Role::kClient), owner_(&owner), head_(arena_), max_body_(options.max_body) {
    head_.method = arena_.copy(options.method);
    head_.method_id = http::method_of(head_.method);
    head_.scheme = "http";
    head_.authority = arena_.copy(options.authority);
    head_.path = arena_.copy(options.path);
    if (options.method != "GET") head_.headers.add(http::HeaderId::kContentLength, "0");
    for (const auto& [name, value] : options.headers) head_.headers.add(arena_.copy(name), arena_.copy(value));
  }

  void leave() {
    owner_ = nullptr;
    abort();
  }

 private:
  void on_connected() override {
    auto codec = std::make_unique<http::h1::ClientConnection>(codec_options(), *this);
    http::ClientCodec& client = *codec;
    start(std::move(codec), true);
    client.open(response_, arena_).send_request(head_, true);
  }
  void on_connect_failed(std::string reason) override { end(0, std::move(reason)); }
  void count(http::CodecCounter) override {}
  void on_closed() override {
    loop().defer_delete(std::unique_ptr<net::Deferred>(this));
    if (owner_) end(0, "the connection ended");
  }

  struct Response final : http::ResponseReceiver {
    explicit Response(Connection& owner) : connection(owner) {}
    void on_informational(http::ResponseHead&) override {}
    void on_response(http::ResponseHead& head, bool end) override {
      status = head.status;
      connection.type_ = head.headers.value(http::HeaderId::kContentType);
      if (end) connection.end(status, std::move(body));
    }
    void on_data(std::string_view data, bool end) override {
      if (body.size() + data.size() > connection.max_body_) return connection.end(0, "the answer is too long");
      body += data;
      if (end) connection.end(status, std::move(body));
    }
    void on_trailers(http::HeaderList&) override { connection.end(status, std::move(body)); }
    void on_reset(http::ResetReason, std::string_view details) override { connection.end(0, std::string(details)); }
    void on_writable() override {}

    Connection& connection;
    int status = 0;
    std::string body;
  };

  void end(int status, std::string body) {
    if (HttpFetch* owner = std::exchange(owner_, nullptr)) {
      owner->connection_ = nullptr;
      owner->finish({.status = status, .body = std::move(body), .content_type = std::move(type_)});
    }
    abort();
  }

  HttpFetch* owner_;
  Arena arena_;
  http::RequestHead head_;
  const size_t max_body_;
  Response response_{*this};
  std::string type_;
};

HttpFetch::HttpFetch(net::Loop& loop) : loop_(loop), timer_(net::Timer::of<&HttpFetch::on_timer>(this)) {}

HttpFetch::~HttpFetch() { cancel(); }

void HttpFetch::start(const FetchOptions& options, Done done) {
  done_ = std::move(done);
  finished_ = false;
  timer_.start(loop_, options.timeout);
  net::ConnectOptions connect{.timeout = options.timeout};
  connect.source = options.source;
  auto socket = net::SocketTransport::connect(loop_, options.to, connect);
  if (!socket) return finish({.body = socket.error().message});
  connection_ = new Connection(*this, std::move(*socket), options);
}

void HttpFetch::cancel() {
  timer_.stop();
  done_ = nullptr;
  if (Connection* connection = std::exchange(connection_, nullptr)) connection->leave();
}

// Told in a turn of its own: the codec is on the stack here.
void HttpFetch::finish(Fetched fetched) {
  fetched_ = std::move(fetched);
  finished_ = true;
  timer_.start(loop_, Milliseconds(0));
}

void HttpFetch::on_timer() {
  if (!finished_) fetched_ = {.body = "no answer in time"};
  Fetched fetched = std::exchange(fetched_, {});
  Done done = std::exchange(done_, nullptr);
  cancel();
  done(std::move(fetched));
}

}  // namespace proa::mesh
