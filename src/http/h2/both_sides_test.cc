// Our client against our server, in memory, with the bytes cut at random places and the peers slow at random.
#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "http/h2/test_peer.h"

namespace proa::http::h2::test {
namespace {

/// Echoes each request: its body while it comes, its trailers at the end.
struct EchoRequest : RequestReceiver {
  void on_data(std::string_view data, bool end) override {
    stream->send_data(data, end);
    if (!stream->writable()) stream->pause_reading(true);
  }
  void on_trailers(HeaderList& trailers) override { stream->send_trailers(trailers); }
  void on_reset(ResetReason, std::string_view) override { reset = true; }
  void on_writable() override { stream->pause_reading(false); }
  ServerStream* stream = nullptr;
  std::unique_ptr<Arena> arena;
  bool reset = false;
};

struct EchoHandler : ServerHandler {
  RequestReceiver& on_request(ServerStream& stream, RequestHead& head, std::unique_ptr<Arena> arena,
                              bool end) override {
    requests.emplace_back();
    EchoRequest& request = requests.back();
    request.stream = &stream;
    request.arena = std::move(arena);
    ResponseHead response(*request.arena);
    response.status = 200;
    for (const Header& header : head.headers.all()) response.headers.add(header);
    stream.send_response(response, end);
    return request;
  }
  std::deque<EchoRequest> requests;
};

struct Pair {
  explicit Pair(uint32_t seed, const Http2Options& with)
      : options(with), random(seed), server(server_owner, handler, options, now), client(client_owner, options, now) {}

  size_t below(size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random); }

  /// Carries some bytes over; true when anything moved.
  bool carry(Codec& from, Codec& to) {
    bool moved = from.has_stored_input();
    if (moved) from.resume(now);
    if (from.output().empty() || to.finished()) return moved;
    std::string bytes = from.output().to_string();
    bytes.resize(1 + below(std::min<size_t>(bytes.size(), below(3) ? 70'000 : 20)));
    from.output().drain(bytes.size());
    from.output_drained(now);
    to.receive(bytes, now);
    return true;
  }
  void run() {
    for (bool moved = true; moved;) {
      bool a = carry(client, server);
      bool b = carry(server, client);
      moved = a || b;
    }
  }

  Http2Options options;
  std::mt19937 random;
  MonoTime now{std::chrono::hours(1)};
  Owner server_owner, client_owner;
  EchoHandler handler;
  ServerConnection server;
  ClientConnection client;
};

class BothSides : public ::testing::TestWithParam<int> {};

TEST_P(BothSides, echo_is_exact_for_any_cut_window_and_watermark) {
  auto seed = static_cast<uint32_t>(GetParam());
  Http2Options options;
  options.stream_window = seed % 3 ? 65'535 : 3'000;
  options.connection_window = seed % 2 ? 65'535 : 200'000;
  options.high_watermark = seed % 5 ? 40'000 : 2'000;
  options.hpack_encoder_table_size = seed % 2 ? 4096 : 0;
  options.hpack_table_size = seed % 7 ? 4096 : 0;
  options.huffman = seed % 4 == 0;
  options.max_window_updates_per_data_frame = 100;
  Pair pair(seed, options);

  struct Call {
    Response response;
    std::string body;
    std::string tag;
    http::ClientStream* stream = nullptr;
    size_t sent = 0;
  };
  std::deque<Call> calls;
  for (int i = 0; i < 12; ++i) {
    Call& call = calls.emplace_back();
    call.body.resize(pair.below(i % 3 ? 200'000 : 100));
    for (char& c : call.body) c = static_cast<char>('a' + pair.below(26));
    call.tag = std::string(1 + pair.below(80), 't') + std::to_string(i % 4);
    call.stream = &pair.client.open(call.response, call.response.arena);
    RequestHead head(call.response.arena);
    head.method = "POST";
    head.method_id = Method::kPost;
    head.scheme = "http";
    head.authority = "a.test";
    head.path = "/";
    head.headers.add("x-tag", call.tag);
    head.headers.add("x-same", "same");
    call.stream->send_request(head, false);
  }
  // Each sends its body in pieces, as far as back-pressure lets it.
  for (bool left = true; left;) {
    left = false;
    for (Call& call : calls) {
      if (!call.stream) continue;
      left = true;
      ASSERT_FALSE(call.response.reset) << call.response.details;
      if (!call.stream->writable()) continue;
      std::string_view piece = std::string_view(call.body).substr(call.sent, 1 + pair.below(30'000));
      call.stream->send_data(piece, false);
      call.sent += piece.size();
      if (call.sent < call.body.size()) continue;
      HeaderList trailers(call.response.arena);
      trailers.add("x-end", call.tag);
      call.stream->send_trailers(trailers);
      call.stream = nullptr;
    }
    pair.run();
    ASSERT_EQ(pair.server.error(), "");
    ASSERT_EQ(pair.client.error(), "");
  }
  for (Call& call : calls) {
    EXPECT_EQ(call.response.status, 200);
    EXPECT_EQ(call.response.fields, (Fields{{"x-tag", call.tag}, {"x-same", "same"}}));
    EXPECT_TRUE(call.response.body == call.body);
    EXPECT_EQ(call.response.trailers, (Fields{{"x-end", call.tag}}));
  }
  EXPECT_EQ(pair.client.active_streams(), 0u);
  EXPECT_EQ(pair.server.active_streams(), 0u);

  pair.server.shut_down(pair.now);
  pair.run();
  EXPECT_TRUE(pair.server.finished());
  EXPECT_TRUE(pair.client.finished());
}

TEST(BothSidesBytes, what_one_side_sends_of_an_exchange_the_other_receives) {
  Http2Options options;
  options.max_window_updates_per_data_frame = 100;
  Pair pair(1, options);
  Response response;
  StreamBytes at_client, at_server;
  http::ClientStream& stream = pair.client.open(response, response.arena);
  stream.count_bytes(at_client);
  RequestHead head(response.arena);
  head.method = "POST";
  head.method_id = Method::kPost;
  head.scheme = "http";
  head.authority = "a.test";
  head.path = "/";
  head.headers.add("x-large", std::string_view(*response.arena.make<std::string>(20'000, 'x')));  // with a CONTINUATION
  stream.send_request(head, false);
  pair.run();
  ASSERT_EQ(pair.handler.requests.size(), 1u);
  pair.handler.requests[0].stream->count_bytes(at_server);
  EXPECT_EQ(at_server.head_received, at_client.head_sent);
  EXPECT_GT(at_server.head_received, 20'000u + 2 * kFrameHeaderSize);
  stream.send_data("hello", false);
  HeaderList trailers(response.arena);
  trailers.add("x-end", "1");
  stream.send_trailers(trailers);
  pair.run();
  EXPECT_EQ(at_server.received, at_client.sent);
  EXPECT_EQ(at_client.sent - at_client.head_sent, kFrameHeaderSize + 5);
  EXPECT_EQ(at_server.sent, at_client.received - at_client.head_received + at_server.head_sent)
      << "the response's head was sent before the counting began";
}

INSTANTIATE_TEST_SUITE_P(Seeds, BothSides, ::testing::Range(1, 41));

}  // namespace
}  // namespace proa::http::h2::test
