// For tests and fuzz targets: receivers that write down what a codec tells them, as lines of text. Adjacent body
// bytes are joined, so that the record does not depend on how the input was split.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/h1/client_connection.h"
#include "http/h1/server_connection.h"

namespace proa::http::h1 {

class RecordingOwner : public CodecOwner {
 public:
  void wake() override { woken = true; }
  void count(CodecCounter counter) override { ++counters[static_cast<size_t>(counter)]; }
  int counted(CodecCounter counter) const { return counters[static_cast<size_t>(counter)]; }

  bool woken = false;
  std::array<int, static_cast<size_t>(CodecCounter::kCount)> counters{};
};

inline std::string to_text(const HeaderList& headers) {
  std::string text;
  for (const Header& header : headers.all()) {
    text += ' ';
    text += header.name;
    text += '=';
    text += header.value;
  }
  return text;
}

/// One message, as the receiver of either side. `log` is shared by all of a connection.
class Recorder : public ResponseReceiver {
 public:
  explicit Recorder(std::vector<std::string>& log) : log_(log) {}

  void on_data(std::string_view data, bool end) override {
    if (!data.empty()) {
      if (log_.empty() || !log_.back().starts_with("data ")) log_.emplace_back("data ");
      log_.back() += data;
    }
    if (end) this->end();
    if (during_data) during_data();
  }
  void on_trailers(HeaderList& trailers) override {
    log_.push_back("trailers" + to_text(trailers));
    ended = true;
  }
  void on_reset(ResetReason, std::string_view details) override {
    log_.push_back("reset " + std::string(details));
    was_reset = true;
  }
  void on_writable() override { log_.emplace_back("writable"); }
  void on_informational(ResponseHead& head) override {
    log_.push_back("informational " + std::to_string(head.status) + to_text(head.headers));
  }
  void on_response(ResponseHead& head, bool end) override {
    this->head = &head;
    log_.push_back("response " + std::to_string(head.status) + to_text(head.headers));
    if (end) this->end();
  }
  void end() {
    log_.emplace_back("end");
    ended = true;
  }

  void (*during_data)() = nullptr;
  bool ended = false;
  bool was_reset = false;
  ResponseHead* head = nullptr;

 private:
  std::vector<std::string>& log_;
};

/// A server under test. Requests wait for respond(), unless `answer` is set.
class RecordingServer : public ServerHandler {
 public:
  explicit RecordingServer(const Http1Options& options) : options(options), codec(this->options, *this, owner) {}

  RequestReceiver& on_request(ServerStream& stream, RequestHead& head, std::unique_ptr<Arena> arena,
                              bool end) override {
    this->stream = &stream;
    this->head = &head;
    arenas.push_back(std::move(arena));
    std::string line = "request ";
    line.append(head.method).append(" ").append(head.path).append(" @").append(head.authority);
    if (!head.scheme.empty()) line.append(" scheme=").append(head.scheme);
    if (!head.protocol.empty()) line.append(" protocol=").append(head.protocol);
    if (head.expect_continue) line.append(" expect");
    if (head.wants_trailers) line.append(" te");
    log.push_back(line + to_text(head.headers));
    receivers.push_back(std::make_unique<Recorder>(log));
    if (end) receivers.back()->end();
    if (answer) respond(200, "ok");
    return *receivers.back();
  }
  void on_malformed(uint16_t status, std::string_view reason) override {
    log.push_back("malformed " + std::to_string(status) + " " + std::string(reason));
  }

  /// Bytes in; then, as an owner does, resumes until nothing is left to go on with.
  void receive(std::string_view bytes) {
    if (!codec.finished()) codec.receive(bytes, now);
    turn();
  }
  void turn() {
    for (int i = 0; i < 1000 && codec.has_stored_input(); ++i) codec.resume(now);
  }
  void respond(uint16_t status, std::string_view body, std::vector<std::array<std::string_view, 2>> headers = {}) {
    Arena arena;
    ResponseHead response(arena);
    response.status = status;
    for (auto [name, value] : headers) response.headers.add(name, value);
    stream->send_response(response, body.empty());
    if (!body.empty()) stream->send_data(body, true);
  }
  std::string take_output() {
    std::string text = codec.output().to_string();
    codec.output().drain(text.size());
    codec.output_drained(now);
    return text;
  }

  Http1Options options;
  RecordingOwner owner;
  std::vector<std::string> log;
  std::vector<std::unique_ptr<Arena>> arenas;
  std::vector<std::unique_ptr<Recorder>> receivers;
  ServerStream* stream = nullptr;
  RequestHead* head = nullptr;
  bool answer = false;
  MonoTime now{};
  ServerConnection codec;
};

/// A client under test.
class RecordingClient {
 public:
  explicit RecordingClient(const Http1Options& options) : options(options), codec(this->options, owner) {}

  RequestHead& request(std::string_view method, std::string_view path,
                       std::vector<std::array<std::string_view, 2>> headers = {}) {
    arenas.push_back(std::make_unique<Arena>());
    auto* head = arenas.back()->make<RequestHead>(*arenas.back());
    head->method = method;
    head->method_id = method_of(method);
    head->path = path;
    head->authority = "example.com";
    for (auto [name, value] : headers) head->headers.add(name, value);
    return *head;
  }
  ClientStream& open() {
    arenas.push_back(std::make_unique<Arena>());
    receivers.push_back(std::make_unique<Recorder>(log));
    stream = &codec.open(*receivers.back(), *arenas.back());
    return *stream;
  }
  void send(std::string_view method, std::string_view path, bool end = true,
            std::vector<std::array<std::string_view, 2>> headers = {}) {
    RequestHead& head = request(method, path, std::move(headers));
    open().send_request(head, end);
  }
  void receive(std::string_view bytes) {
    if (!codec.finished()) codec.receive(bytes, now);
    turn();
  }
  void turn() {
    for (int i = 0; i < 1000 && codec.has_stored_input(); ++i) codec.resume(now);
  }
  std::string take_output() {
    std::string text = codec.output().to_string();
    codec.output().drain(text.size());
    codec.output_drained(now);
    return text;
  }

  Http1Options options;
  RecordingOwner owner;
  std::vector<std::string> log;
  std::vector<std::unique_ptr<Arena>> arenas;
  std::vector<std::unique_ptr<Recorder>> receivers;
  ClientStream* stream = nullptr;
  MonoTime now{};
  ClientConnection codec;
};

}  // namespace proa::http::h1
