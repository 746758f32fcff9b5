// A small proxy, driven by a program of bytes: a client and an upstream that say anything, in pieces of any size,
// paused, reset and ended at any time. Strict witnesses read what the proxy writes on either side: it must be HTTP.
//
// The input is a list of operations: a byte of code, and where the code asks for it a byte of length and the text.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "http/h1/recording_peer.h"

using namespace proa;
using namespace proa::http;
using namespace proa::http::h1;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

Http1Options proxy_options() {
  Http1Options options;
  options.upgrades = {"websocket"};
  options.enable_trailers = true;
  options.accept_http_10 = true;
  options.default_host_for_http_10 = "default";
  options.max_head_bytes = 2048;
  options.high_watermark = 4096;
  options.max_drain_bytes = 256;
  return options;
}

Http1Options witness_options() {
  Http1Options options = proxy_options();
  options.max_head_bytes = 65536;
  options.max_headers = 1000;
  options.underscores = UnderscoreAction::kAllow;
  return options;
}

class Proxy : public ServerHandler, public CodecOwner {
 public:
  void wake() override {}
  void count(CodecCounter) override {}

  RequestReceiver& on_request(ServerStream& stream, RequestHead& head, std::unique_ptr<Arena> arena,
                              bool end) override {
    flush();
    require(!from_client_ && !to_upstream_);
    request_ended_ = end;
    response_ended_ = false;
    head_ = &head;
    arenas_.push_back(std::move(arena));
    from_client_ = &stream;
    if (!upstream_ || !upstream_->can_open()) {
      upstream_ = std::make_unique<ClientConnection>(options_, *this);
      upstream_witness_ = std::make_unique<RecordingServer>(witness_options());
      upstream_witness_->answer = true;
      tunnel_ = false;
    }
    expect_response(head);
    to_upstream_ = &upstream_->open(response_side_, *arenas_.back());
    to_upstream_->send_request(head, end);
    return request_side_;
  }

  void client_says(std::string_view text) {
    if (!downstream_.finished() && downstream_.wants_input()) downstream_.receive(text, now_);
  }
  void upstream_says(std::string_view text) {
    if (upstream_ && !upstream_->finished() && upstream_->wants_input()) upstream_->receive(text, now_);
  }
  void client_ends(bool failed) { downstream_.receive_end(failed, now_); }
  void upstream_ends(bool failed) {
    if (upstream_) upstream_->receive_end(failed, now_);
  }
  void pause(bool client, bool paused) {
    if (client && from_client_) from_client_->pause_reading(paused);
    if (!client && to_upstream_) to_upstream_->pause_reading(paused);
  }
  void give_up(bool client) {
    if (client) drop(from_client_);
    drop(to_upstream_);
    if (!client) drop(from_client_);
  }
  void shut_down() { downstream_.shut_down(now_); }
  void wait() {
    now_ += std::chrono::seconds(4);
    if (now_ >= downstream_.next_deadline()) downstream_.on_time(now_);
    if (upstream_ && now_ >= upstream_->next_deadline()) upstream_->on_time(now_);
  }

  // The end of a turn, as a connection's owner has it.
  void turn() {
    for (int i = 0; i < 200; ++i) {
      flush();
      bool more = false;
      if (downstream_.has_stored_input()) downstream_.resume(now_), more = true;
      if (upstream_ && upstream_->has_stored_input()) upstream_->resume(now_), more = true;
      if (!more) return;
    }
    require(false);  // stored input that is never used up
  }

 private:
  struct RequestSide : MessageReceiver {
    explicit RequestSide(Proxy& owner) : proxy(owner) {}
    void on_data(std::string_view data, bool end) override {
      require(proxy.from_client_ && !proxy.request_ended_);
      proxy.request_ended_ = end;
      if (proxy.to_upstream_) proxy.to_upstream_->send_data(data, end);
      proxy.forget_ended();
    }
    void on_trailers(HeaderList& trailers) override {
      require(proxy.from_client_ && !proxy.request_ended_);
      proxy.request_ended_ = true;
      if (proxy.to_upstream_) proxy.to_upstream_->send_trailers(trailers);
      proxy.forget_ended();
    }
    void on_reset(ResetReason, std::string_view details) override {
      require(proxy.from_client_ && !details.empty());
      proxy.from_client_ = nullptr;
      proxy.drop(proxy.to_upstream_);
    }
    void on_writable() override { require(proxy.from_client_); }
    Proxy& proxy;
  };

  struct ResponseSide : ResponseReceiver {
    explicit ResponseSide(Proxy& owner) : proxy(owner) {}
    void on_informational(ResponseHead& head) override {
      require(proxy.to_upstream_ && !proxy.response_ended_);
      if (proxy.from_client_) proxy.from_client_->send_informational(head.status, head.headers);
    }
    void on_response(ResponseHead& head, bool end) override {
      require(proxy.to_upstream_ && !proxy.response_ended_);
      bool connected = proxy.head_->method_id == Method::kConnect && head.status < 300;
      proxy.tunnel_ = head.status == 101 || connected;
      if (proxy.from_client_) proxy.from_client_->send_response(head, end);
      proxy.response_advanced(end);
    }
    void on_data(std::string_view data, bool end) override {
      require(proxy.to_upstream_ && !proxy.response_ended_);
      if (proxy.from_client_) proxy.from_client_->send_data(data, end);
      proxy.response_advanced(end);
    }
    void on_trailers(HeaderList& trailers) override {
      require(proxy.to_upstream_ && !proxy.response_ended_);
      if (proxy.from_client_) proxy.from_client_->send_trailers(trailers);
      proxy.response_advanced(true);
    }
    void on_reset(ResetReason, std::string_view details) override {
      require(proxy.to_upstream_ && !details.empty());
      proxy.to_upstream_ = nullptr;
      proxy.drop(proxy.from_client_);
    }
    void on_writable() override { require(proxy.to_upstream_); }
    Proxy& proxy;
  };

  // After both messages have ended the streams must not be touched.
  void forget_ended() {
    if (!request_ended_ || !response_ended_) return;
    from_client_ = nullptr;
    to_upstream_ = nullptr;
  }
  void response_advanced(bool end) {
    response_ended_ = end;
    bool early = end && !request_ended_ && !tunnel_ && from_client_;
    forget_ended();
    if (!early) return;
    std::exchange(from_client_, nullptr)->reset(ResetReason::kNone);
    drop(to_upstream_);
  }
  template <class AnyStream>
  void drop(AnyStream*& stream) {
    if (auto* dropped = std::exchange(stream, nullptr)) dropped->reset(ResetReason::kLocalReset);
  }

  void expect_response(const RequestHead& head) {
    if (client_witness_.codec.active_streams() || !client_witness_.codec.can_open()) return;
    RequestHead& asked = client_witness_.request(head.method, "/");
    asked.protocol = head.protocol;
    client_witness_.open().send_request(asked, head.protocol.empty() && head.method_id != Method::kConnect);
  }

  // What was written goes to the witnesses.
  void flush() {
    std::string to_client = downstream_.output().to_string();
    downstream_.output().clear();
    downstream_.output_drained(now_);
    if (!to_client.empty()) {
      require(!client_witness_.codec.finished());
      if (!client_witness_.codec.active_streams()) client_witness_.send("GET", "/");  // a refusal answers nothing
      client_witness_.receive(to_client);
      for (const std::string& line : client_witness_.log) require(!line.starts_with("reset"));
      client_witness_.log.clear();
    }
    if (!upstream_) return;
    std::string to_upstream = upstream_->output().to_string();
    upstream_->output().clear();
    upstream_->output_drained(now_);
    if (to_upstream.empty() || tunnel_) return;
    upstream_witness_->receive(to_upstream);
    for (const std::string& line : upstream_witness_->log) {
      require(!line.starts_with("malformed") && !line.starts_with("reset"));
    }
    upstream_witness_->log.clear();
  }

  Http1Options options_ = proxy_options();
  std::vector<std::unique_ptr<Arena>> arenas_;
  RequestSide request_side_{*this};
  ResponseSide response_side_{*this};
  bool request_ended_ = false, response_ended_ = false, tunnel_ = false;
  const RequestHead* head_ = nullptr;
  ServerStream* from_client_ = nullptr;
  ClientStream* to_upstream_ = nullptr;
  MonoTime now_{};
  RecordingClient client_witness_{witness_options()};
  std::unique_ptr<RecordingServer> upstream_witness_;
  std::unique_ptr<ClientConnection> upstream_;
  ServerConnection downstream_{options_, *this, *this};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Proxy proxy;
  size_t at = 0;
  auto text = [&] {
    size_t length = at < size ? data[at++] : 0;
    length = std::min(length, size - at);
    std::string_view result(reinterpret_cast<const char*>(data) + at, length);
    at += length;
    return result;
  };
  while (at < size) {
    uint8_t code = data[at++];
    switch (code % 16) {
      case 0:
      case 1:
      case 2:
      case 3: proxy.client_says(text()); break;
      case 4:
      case 5:
      case 6:
      case 7: proxy.upstream_says(text()); break;
      case 8: proxy.client_ends(code & 16); break;
      case 9: proxy.upstream_ends(code & 16); break;
      case 10: proxy.pause(true, code & 16); break;
      case 11: proxy.pause(false, code & 16); break;
      case 12: proxy.give_up(code & 16); break;
      case 13: proxy.shut_down(); break;
      case 14: proxy.wait(); break;
      case 15: break;  // only a turn
    }
    if (code < 128) proxy.turn();
  }
  proxy.turn();
  return 0;
}
