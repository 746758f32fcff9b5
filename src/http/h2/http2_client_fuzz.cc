// A client connection under a program of bytes: a server that sends anything, an owner that opens, sends, pauses and
// resets at any time. A witness reads what the client writes.
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <string>

#include "http/h2/frame_witness.h"
#include "http/h2/test_peer.h"

using namespace proa;
using namespace proa::http;
using namespace proa::http::h2;
using namespace proa::http::h2::test;

namespace {

struct Call : ResponseReceiver {
  void on_informational(ResponseHead& head) override { require(!done && !got_head && head.status < 200); }
  void on_response(ResponseHead& head, bool end) override {
    require(!done && !got_head && head.status >= 200 && head.status <= 599);
    require(head.headers.size() <= 20);
    got_head = true;
    got_end = end;
  }
  void on_data(std::string_view, bool end) override {
    require(!done && got_head && !got_end && !pausing);
    got_end = end;
    if (react & 1) stream->pause_reading(pausing = true);
    if ((react & 2) && !over()) give_up(ResetReason::kLocalReset);
  }
  void on_trailers(HeaderList&) override {
    require(!done && got_head && !got_end);
    got_end = true;
  }
  void on_reset(ResetReason, std::string_view details) override {
    require(!done && !details.empty());
    done = true;
  }
  void on_writable() override { require(!done && stream->writable()); }

  bool over() const { return done || (got_end && sent_end); }
  void start(bool end) {
    if (over() || sent_head) return;
    RequestHead& head = *arena.make<RequestHead>(arena);
    head.method = react & 4 ? "HEAD" : "POST";
    head.method_id = react & 4 ? Method::kHead : Method::kPost;
    head.scheme = "http";
    head.authority = "a.test";
    head.path = "/";
    if (react & 8) head.protocol = "websocket";
    head.headers.add("x-a", "b");
    sent_head = true;
    sent_end = end;
    stream->send_request(head, end);
  }
  void send(size_t size, bool end) {
    if (over() || !sent_head || sent_end || !stream->writable()) return;
    sent_end = end;
    stream->send_data(std::string(size, 'b'), end);
  }
  void end_with_trailers() {
    if (over() || !sent_head || sent_end) return;
    HeaderList trailers(arena);
    trailers.add("x-end", "1");
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

  Arena arena;
  http::ClientStream* stream = nullptr;
  uint8_t react = 0;
  bool got_head = false, got_end = false, sent_head = false, sent_end = false, done = false, pausing = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzInput input(data, size);
  Http2Options options;
  uint8_t mode = input.byte();
  options.max_head_bytes = 2048;
  options.max_headers = 20;
  options.stream_window = mode & 1 ? 1000 : 70'000;
  options.connection_window = mode & 2 ? 65'535 : 200'000;
  options.high_watermark = 4096;
  options.hpack_encoder_table_size = mode & 4 ? 4096 : 0;
  options.huffman = mode & 8;

  Owner owner;
  MonoTime now{std::chrono::hours(1)};
  std::deque<Call> calls;
  ClientConnection client(owner, options, now);
  FrameWitness witness(true);
  auto feed = [&](const std::string& bytes) { client.receive(bytes, now); };
  if (!(mode & 64))
    feed(settings({{Setting::kMaxConcurrentStreams, 10}, {Setting::kEnableConnectProtocol, mode & 16 ? 1u : 0u}}));

  const Fields ok = {{":status", "200"}};
  for (int steps = 0; steps < 2000 && !input.empty(); ++steps) {
    uint8_t op = input.byte();
    Call* call = calls.empty() ? nullptr : &calls[input.byte() % calls.size()];
    uint32_t stream = (input.byte() % 16) * 2 + 1;
    switch (op % 18) {
      case 0: feed(std::string(input.text(input.byte()))); break;
      case 1: {
        auto type = static_cast<FrameType>(input.byte() % 12);
        uint8_t flags = input.byte();
        uint32_t any = input.byte() % 16;
        std::string payload(input.text(input.byte()));
        if (type == FrameType::kWindowUpdate && payload.size() == 4) {
          witness.grant(any, read_u32(payload.data()) & kMaxStreamId);
        }
        if (type == FrameType::kSettings) witness.set_initial_window(kMaxWindow);
        feed(frame(type, flags, any, payload));
        break;
      }
      case 2:
        if (!client.can_open()) break;
        call = &calls.emplace_back();
        call->react = input.byte();
        call->stream = &client.open(*call, call->arena);
        if (op & 128) call->start(op & 64);
        break;
      case 3:
        if (call) call->start(input.byte() & 1);
        break;
      case 4: feed(headers(stream, ok, input.byte() & 1)); break;
      case 5: feed(h2::test::data(stream, std::string(input.byte() * 64, 'x'), input.byte() & 1)); break;
      case 6: {
        uint32_t grant = input.byte() * 100;
        witness.grant(stream, grant);
        feed(window_update(stream, grant));
        break;
      }
      case 7: feed(headers(stream, {{":status", "103"}}, false)); break;
      case 8:
        if (call) call->send(input.byte() * 300, input.byte() & 1);
        break;
      case 9:
        if (call) call->end_with_trailers();
        break;
      case 10:
        if (call) call->pause(input.byte() & 1);
        break;
      case 11:
        if (call) call->give_up(static_cast<ResetReason>(input.byte() % 8));
        break;
      case 12: feed(goaway(input.byte() % 32)); break;
      case 13:
        now += Milliseconds(input.byte() * 100);
        if (now >= client.next_deadline()) client.on_time(now);
        break;
      case 14: client.resume(now); break;
      case 15:
        if (input.byte() > 200) client.shut_down(now);
        break;
      case 16: {
        std::string bytes = client.output().to_string();
        bytes.resize(std::min<size_t>(bytes.size(), input.byte() * 64));
        client.output().drain(bytes.size());
        witness.read(bytes);
        client.output_drained(now);
        break;
      }
      case 17: feed(rst(stream, static_cast<ErrorCode>(input.byte() % 14))); break;
    }
    require(client.output().size() < 400'000);
  }
  witness.read(client.output().to_string());
  client.receive_end(true, now);
  while (client.has_stored_input()) client.resume(now);
  for (Call& call : calls) require(call.over());
  return 0;
}
