// threats.md H6 to H13: each flood ends the connection with ENHANCE_YOUR_CALM at its documented count.
#include <gtest/gtest.h>

#include <functional>

#include "http/h2/test_peer.h"

namespace proa::http::h2::test {
namespace {

using namespace std::string_literals;

/// Repeats until the connection ends; how often that took, at most `limit`.
int count_until_end(Server& server, int limit, const std::function<std::string(int)>& bytes, bool reading = true) {
  for (int i = 1; i <= limit; ++i) {
    server.send(bytes(i));
    if (server.codec.finished()) return i;
    if (reading) server.sent();
  }
  return limit + 1;
}

void expect_calm(Server& server, std::string_view reason, CodecCounter counter) {
  EXPECT_EQ(server.codec.error(), reason);
  EXPECT_EQ(server.owner.counted(counter), 1);
  auto frames = server.sent();
  ASSERT_FALSE(frames.empty());
  EXPECT_EQ(frames.back().type, FrameType::kGoaway);
  EXPECT_EQ(frames.back().code(), ErrorCode::kEnhanceYourCalm);
}

uint32_t nth_stream(int i) { return static_cast<uint32_t>(2 * i - 1); }

TEST(Flood, rapid_reset_ends_within_the_budget) {
  Server server;
  int n = count_until_end(server, 2000, [](int i) { return headers(nth_stream(i), post()) + rst(nth_stream(i)); });
  EXPECT_EQ(n, 501);
  expect_calm(server, "http2.rapid_reset", CodecCounter::kRapidReset);
  for (auto& request : server.handler.requests) EXPECT_TRUE(request->reset);
}

TEST(Flood, resets_spread_over_time_are_no_flood) {
  Server server;
  for (int i = 1; i <= 2000; ++i) {
    server.now += Milliseconds(10);
    server.send(headers(nth_stream(i), post()) + rst(nth_stream(i)));
  }
  EXPECT_FALSE(server.codec.finished());
}

TEST(Flood, resets_after_the_response_are_no_flood) {
  Server server;
  server.handler.answer_at_once = true;
  for (int i = 1; i <= 2000; ++i) {
    server.send(headers(nth_stream(i), post(), false) + rst(nth_stream(i)));
    server.sent();
  }
  EXPECT_FALSE(server.codec.finished()) << server.codec.error();
}

TEST(Flood, made_you_reset_counts_in_the_same_budget) {
  for (auto& provoke : std::vector<std::function<std::string(uint32_t)>>{
           [](uint32_t id) { return headers(id, post(), false) + window_update(id, 0); },
           [](uint32_t id) { return headers(id, post(), false) + window_update(id, 0x7fffffff); },
           [](uint32_t id) { return headers(id, post(), true) + data(id, "x", true); },
           [](uint32_t id) { return headers(id, post(), true) + headers(id, post(), true); },
           [](uint32_t id) { return headers(id, post(), false) + frame(FrameType::kPriority, 0, id, "1234"); },
           [](uint32_t id) { return headers(id, with(post(), {{"content-length", "1"}}), false) + data(id, "12"); },
           [](uint32_t id) { return headers(id, {{":method", "GET"}}); },
       }) {
    Server server;
    EXPECT_EQ(count_until_end(server, 2000, [&](int i) { return provoke(nth_stream(i)); }), 501);
    expect_calm(server, "http2.made_you_reset", CodecCounter::kMadeYouReset);
  }
}

TEST(Flood, streams_over_the_limit_are_refused_and_then_a_flood) {
  Http2Options options;
  options.max_concurrent_streams = 2;
  Server server(options);
  server.send(headers(1, post(), false) + headers(3, post(), false) + headers(5, post(), false));
  EXPECT_EQ(server.handler.requests.size(), 2u);
  auto frames = server.sent();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].code(), ErrorCode::kRefusedStream);
  EXPECT_EQ(server.owner.counted(CodecCounter::kStreamsOverLimit), 1);
  int n = count_until_end(server, 2000, [](int i) { return headers(nth_stream(i + 3), post()); });
  EXPECT_EQ(n, 500);
}

TEST(Flood, continuation_frames_are_limited_and_not_decoded) {
  Server server;
  std::string entry = block({{"x-a", "b"}});
  entry[0] = 0x40;  // would enter the table
  server.send(frame(FrameType::kHeaders, 0, 1, block(get())));
  int n = count_until_end(server, 100, [&](int) { return frame(FrameType::kContinuation, 0, 1, entry); });
  EXPECT_EQ(n, 17);
  expect_calm(server, "http2.continuation_flood", CodecCounter::kContinuationFlood);
}

TEST(Flood, continuation_bytes_are_limited) {
  Http2Options options;
  options.max_head_bytes = 8192;
  Server server(options);
  server.send(frame(FrameType::kHeaders, 0, 1, std::string(16384, 'x')));
  EXPECT_FALSE(server.codec.finished());
  server.send(frame(FrameType::kContinuation, 0, 1, std::string(16384, 'x')));
  EXPECT_FALSE(server.codec.finished());
  server.send(frame(FrameType::kContinuation, 0, 1, "x"));
  expect_calm(server, "http2.continuation_flood", CodecCounter::kContinuationFlood);
}

TEST(Flood, empty_frames) {
  for (const std::string& bytes : {data(1, ""), frame(FrameType::kData, kFlagPadded, 1, "\x02\0\0"s)}) {
    Server server;
    server.send(headers(1, post(), false) + bytes);
    EXPECT_FALSE(server.codec.finished());
    server.send(bytes);
    expect_calm(server, "http2.empty_frames_flood", CodecCounter::kInboundEmptyFramesFlood);
  }
  Server continuation;
  continuation.send(frame(FrameType::kHeaders, 0, 1) + frame(FrameType::kContinuation, 0, 1));
  expect_calm(continuation, "http2.empty_frames_flood", CodecCounter::kInboundEmptyFramesFlood);
}

TEST(Flood, empty_frames_between_full_ones_are_none) {
  Server server;
  server.send(headers(1, post(), false));
  for (int i = 0; i < 100; ++i) server.send(data(1, "") + data(1, "hello"));
  server.send(data(1, "", true));
  EXPECT_TRUE(server.request().ended);
  EXPECT_FALSE(server.codec.finished());
}

TEST(Flood, pings) {
  Server server;
  EXPECT_EQ(count_until_end(server, 5000, [](int) { return ping(); }), 1001);
  expect_calm(server, "http2.ping_flood", CodecCounter::kInboundPingFlood);
}

TEST(Flood, pings_in_step_with_data_are_none) {
  Server server;
  server.send(headers(1, post(), false));
  EXPECT_EQ(count_until_end(server, 5000, [](int) { return ping() + data(1, "hello"); }), 5001);
}

TEST(Flood, answers_that_are_not_read) {
  Http2Options options;
  options.max_outbound_control_frames = 100;
  Server server(options);
  EXPECT_EQ(count_until_end(server, 1000, [](int) { return ping(); }, false), 101);
  expect_calm(server, "http2.outbound_control_flood", CodecCounter::kOutboundControlFlood);
}

TEST(Flood, responses_that_are_not_read) {
  Http2Options options;
  options.max_outbound_frames = 1000;
  Server server(options);
  server.handler.answer_at_once = true;
  EXPECT_EQ(count_until_end(server, 2000, [](int i) { return headers(nth_stream(i), get()); }, false), 501);
  expect_calm(server, "http2.outbound_flood", CodecCounter::kOutboundFlood);
}

TEST(Flood, frames_that_were_written_do_not_count) {
  Http2Options options;
  options.max_outbound_control_frames = 100;
  Server server(options);
  for (int i = 0; i < 900; ++i) {
    server.send(ping());
    server.codec.output().drain(server.codec.output().size() - 9);  // an owner that is always one step behind
    server.codec.output_drained(server.now);
  }
  EXPECT_EQ(server.codec.error(), "");
}

TEST(Flood, settings) {
  Server server;
  int n = count_until_end(server, 1000, [](int) { return settings({{Setting::kHeaderTableSize, 0}}); });
  EXPECT_EQ(n, 100);  // the first one came with the preface
  expect_calm(server, "http2.settings_flood", CodecCounter::kInboundSettingsFlood);

  Server large;
  large.send(frame(FrameType::kSettings, 0, 0, std::string(14'400, '\0')));
  expect_calm(large, "http2.settings_flood", CodecCounter::kInboundSettingsFlood);
}

TEST(Flood, priorities) {
  Server server;
  int n = count_until_end(server, 1000, [](int) { return frame(FrameType::kPriority, 0, 3, u32(0) + "x"); });
  EXPECT_EQ(n, 101);
  expect_calm(server, "http2.priority_flood", CodecCounter::kInboundPriorityFramesFlood);
}

TEST(Flood, window_updates) {
  Server server;
  EXPECT_LE(count_until_end(server, 1000, [](int) { return window_update(0, 1); }), 11);
  expect_calm(server, "http2.window_update_flood", CodecCounter::kInboundWindowUpdateFramesFlood);
}

TEST(Flood, unknown_frames) {
  Server server;
  EXPECT_EQ(count_until_end(server, 5000, [](int) { return frame(FrameType{0x50}, 0, 0, "x"); }), 1001);
  expect_calm(server, "http2.unknown_frames_flood", CodecCounter::kInboundUnknownFramesFlood);
}

TEST(Flood, frames_on_streams_that_are_gone) {
  Server server;
  server.send(headers(1, post()));
  server.request().stream->reset(ResetReason::kLocalReset);
  server.sent();
  EXPECT_EQ(count_until_end(server, 20'000, [](int) { return data(1, "hello"); }), 10'001);
}

TEST(Flood, tiny_data_frames) {
  Server server;
  server.send(headers(1, post(), false));
  EXPECT_EQ(count_until_end(server, 20'000, [](int) { return data(1, "x"); }), 10'001);
  expect_calm(server, "http2.tiny_frames_flood", CodecCounter::kTinyFramesFlood);
}

TEST(Flood, small_grpc_messages_are_none) {
  Server server;
  server.send(headers(1, post(), false));
  EXPECT_EQ(count_until_end(server, 50'000, [](int) { return data(1, "12345"); }), 50'001);
}

TEST(Flood, hpack_bomb_is_cut_off_while_it_is_decoded) {
  Server server;
  std::string entry = block({{"x", std::string(126, 'v')}});
  entry[0] = 0x40;
  server.send(frame(FrameType::kHeaders, 5, 1, block(get()) + entry + std::string(16'000, '\xbe')));
  expect_calm(server, "http2.hpack_bomb", CodecCounter::kHpackBomb);
  EXPECT_TRUE(server.handler.requests.empty());
}

TEST(Flood, thousands_of_one_byte_references_store_nothing) {
  Server server;
  std::string entry = block({{"a", ""}});
  entry[0] = 0x40;
  for (uint32_t id = 1; id < 201; id += 2) {
    server.send(frame(FrameType::kHeaders, 5, id, block(get()) + (id == 1 ? entry : "") + std::string(3000, '\xbe')));
  }
  EXPECT_EQ(server.codec.error(), "");
  EXPECT_TRUE(server.handler.requests.empty());
  EXPECT_EQ(server.owner.counted(CodecCounter::kHeadersTooLarge), 100);
}

TEST(Flood, a_head_that_never_ends_times_out) {
  Server server;
  server.send(frame(FrameType::kHeaders, 0, 1, block(get())));
  MonoTime deadline = server.codec.next_deadline();
  EXPECT_EQ(deadline, server.now + Milliseconds(10'000));
  server.now += Milliseconds(5000);
  server.send(frame(FrameType::kContinuation, 0, 1, block({{"a", "b"}})));
  EXPECT_EQ(server.codec.next_deadline(), deadline);  // progress does not move it
  server.now = deadline;
  server.codec.on_time(server.now);
  EXPECT_EQ(server.codec.error(), "http2.head_timeout");
  EXPECT_EQ(server.owner.counted(CodecCounter::kHeaderTimeout), 1);
}

TEST(Flood, a_headers_frame_that_trickles_in_times_out) {
  Server server;
  std::string bytes = headers(1, get());
  server.send(bytes.substr(0, bytes.size() - 1));
  server.now = server.codec.next_deadline();
  EXPECT_NE(server.now, MonoTime::max());
  server.codec.on_time(server.now);
  EXPECT_EQ(server.codec.error(), "http2.head_timeout");
}

TEST(Flood, a_preface_that_never_comes_times_out) {
  Owner owner;
  Handler handler;
  Http2Options options;
  MonoTime now{std::chrono::hours(1)};
  ServerConnection codec(owner, handler, options, now);
  EXPECT_EQ(codec.next_deadline(), now + options.head_timeout);
  codec.receive(std::string(kClientPreface) + settings(), now);
  EXPECT_EQ(codec.next_deadline(), MonoTime::max());
}

TEST(Flood, upstream_peers_have_the_same_limits) {
  Client client;
  Response response;
  client.start(response);
  for (int i = 0; i < 5000 && !client.codec.finished(); ++i) {
    client.send(ping());
    client.sent();
  }
  EXPECT_EQ(client.codec.error(), "http2.ping_flood");
  EXPECT_EQ(response.reason, ResetReason::kConnectionClosed);
  EXPECT_EQ(response.details, "http2.ping_flood");
}

}  // namespace
}  // namespace proa::http::h2::test
