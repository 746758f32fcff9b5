// A server connection under a program of bytes: a client that sends anything, a handler that answers, pauses and
// resets at any time, a transport that takes any number of bytes. A witness reads what the server writes.
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>

#include "http/h2/frame_witness.h"
#include "http/h2/test_peer.h"

using namespace proa;
using namespace proa::http;
using namespace proa::http::h2;
using namespace proa::http::h2::test;

namespace {

struct Exchange : RequestReceiver {
  void on_data(std::string_view data, bool end) override {
    require(!done && !got_end && !pausing);
    body += data.size();
    got_end = end;
    if (react & 1) stream->pause_reading(pausing = true);
    if (react & 2) respond();
    if ((react & 4) && !over()) give_up(ResetReason::kLocalReset);
  }
  void on_trailers(HeaderList& trailers) override {
    require(!done && !got_end);
    for (const Header& header : trailers.all()) require(!header.name.empty() && header.name[0] != ':');
    got_end = true;
    if (react & 2) respond();
  }
  void on_reset(ResetReason, std::string_view details) override {
    require(!done && !details.empty());
    done = true;
  }
  void on_writable() override { require(!done && stream->writable()); }

  bool over() const { return done || (got_end && sent_end); }
  void respond() {
    if (over() || sent_head) return;
    ResponseHead head(*arena);
    head.status = 200;
    head.headers.add("x-echo", "value");
    sent_head = true;
    stream->send_response(head, false);
  }
  void send(size_t size, bool end) {
    if (over() || !sent_head || sent_end) return;
    require(stream->buffered() <= 200'000);
    if (!stream->writable()) return;
    sent_end = end;
    stream->send_data(std::string(size, 'b'), end);
  }
  void end_with_trailers() {
    if (over() || !sent_head || sent_end) return;
    HeaderList trailers(*arena);
    trailers.add(HeaderId::kGrpcStatus, "0");
    sent_end = true;
    stream->send_trailers(trailers);
  }
  void pause(bool paused) {
    if (over()) return;
    pausing = paused;
    stream->pause_reading(paused);
  }
  void give_up(ResetReason reason) {
    if (over()) return;
    done = true;
    stream->reset(reason);
  }

  ServerStream* stream = nullptr;
  std::unique_ptr<Arena> arena;
  size_t body = 0;
  uint8_t react = 0;
  bool got_end = false, sent_head = false, sent_end = false, done = false, pausing = false;
};

struct Driver : ServerHandler {
  RequestReceiver& on_request(ServerStream& stream, RequestHead& head, std::unique_ptr<Arena> arena,
                              bool end) override {
    require(!head.method.empty() && !head.authority.empty());
    require(head.headers.size() <= 20 && head.headers.byte_size() <= 2048);
    Exchange& exchange = exchanges.emplace_back();
    exchange.stream = &stream;
    exchange.arena = std::move(arena);
    exchange.got_end = end;
    exchange.react = react;
    if (react & 8) exchange.respond();
    if (react & 16) exchange.send(10, true);
    if (react & 32) exchange.give_up(ResetReason::kOverload);
    return exchange;
  }
  std::deque<Exchange> exchanges;
  uint8_t react = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzInput input(data, size);
  Http2Options options;
  uint8_t mode = input.byte();
  options.max_head_bytes = 2048;
  options.max_headers = 20;
  options.max_concurrent_streams = 8;
  options.stream_window = mode & 1 ? 1000 : 70'000;
  options.connection_window = mode & 2 ? 65'535 : 200'000;
  options.high_watermark = 4096;
  options.allow_connect = mode & 4;
  options.hpack_table_size = mode & 8 ? 4096 : 0;
  options.hpack_encoder_table_size = mode & 16 ? 4096 : 0;
  options.huffman = mode & 32;
  options.max_premature_resets = 20;
  options.keepalive_interval = Milliseconds(60'000);

  Owner owner;
  Driver driver;
  MonoTime now{std::chrono::hours(1)};
  ServerConnection server(owner, driver, options, now);
  FrameWitness witness(false);
  uint32_t next = 1;
  auto feed = [&](const std::string& bytes) { server.receive(bytes, now); };
  if (!(mode & 64)) feed(std::string(kClientPreface) + settings());

  for (int steps = 0; steps < 2000 && !input.empty(); ++steps) {
    uint8_t op = input.byte();
    Exchange* exchange = driver.exchanges.empty() ? nullptr : &driver.exchanges[input.byte() % driver.exchanges.size()];
    switch (op % 18) {
      case 0: feed(std::string(input.text(input.byte()))); break;
      case 1: {
        auto type = static_cast<FrameType>(input.byte() % 12);
        uint8_t flags = input.byte();
        uint32_t stream = input.byte() % 16;
        std::string payload(input.text(input.byte()));
        if (type == FrameType::kWindowUpdate && payload.size() == 4) {
          witness.grant(stream, read_u32(payload.data()) & kMaxStreamId);
        }
        // Larger initial windows than the witness knows of are its own business only when it learns of them.
        if (type == FrameType::kSettings) witness.set_initial_window(kMaxWindow);
        feed(frame(type, flags, stream, payload));
        break;
      }
      case 2:
        feed(headers(next, get(), true));
        next += 2;
        break;
      case 3:
        feed(headers(next, with(post(), {{"content-length", "20"}}), false));
        next += 2;
        break;
      case 4:
        feed(headers(next, post(), false));
        next += 2;
        break;
      case 5: feed(h2::test::data(input.byte() % 32, std::string(input.byte() * 64, 'x'), input.byte() & 1)); break;
      case 6: {
        uint32_t stream = input.byte() % 32, grant = input.byte() * 100;
        witness.grant(stream, grant);
        feed(window_update(stream, grant));
        break;
      }
      case 7:
        if (exchange) exchange->respond();
        break;
      case 8:
        if (exchange) exchange->send(input.byte() * 300, input.byte() & 1);
        break;
      case 9:
        if (exchange) exchange->end_with_trailers();
        break;
      case 10:
        if (exchange) exchange->pause(input.byte() & 1);
        break;
      case 11:
        if (exchange) exchange->give_up(static_cast<ResetReason>(input.byte() % 8));
        break;
      case 12: driver.react = input.byte(); break;
      case 13:
        now += Milliseconds(input.byte() * 100);
        if (now >= server.next_deadline()) server.on_time(now);
        break;
      case 14: server.resume(now); break;
      case 15: server.shut_down(now); break;
      case 16: {
        std::string bytes = server.output().to_string();
        bytes.resize(std::min<size_t>(bytes.size(), input.byte() * 64));
        server.output().drain(bytes.size());
        witness.read(bytes);
        server.output_drained(now);
        break;
      }
      case 17:
        if (input.byte() > 250) server.receive_end(input.byte() & 1, now);
        break;
    }
    require(server.output().size() < 400'000);
    require(server.finished() || server.active_streams() <= options.max_concurrent_streams);
  }
  witness.read(server.output().to_string());
  server.receive_end(true, now);
  while (server.has_stored_input()) server.resume(now);
  for (Exchange& exchange : driver.exchanges) require(exchange.over());
  return 0;
}
