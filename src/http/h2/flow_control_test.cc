#include <gtest/gtest.h>

#include "http/h2/test_peer.h"

namespace proa::http::h2::test {
namespace {

std::string text(size_t size, char c = 'x') { return std::string(size, c); }

void respond(Request& request) {
  ResponseHead head(*request.arena);
  head.status = 200;
  request.stream->send_response(head, false);
}

size_t body_bytes(const std::vector<SentFrame>& frames, uint32_t stream = 0) {
  size_t size = 0;
  for (auto& frame : frames) {
    if (frame.type == FrameType::kData && (!stream || frame.stream == stream)) size += frame.size;
  }
  return size;
}

/// Written to and read by the peer until nothing moves.
std::vector<SentFrame> all_sent(Server& server) {
  std::vector<SentFrame> all;
  for (auto frames = server.sent(); !frames.empty(); frames = server.sent()) {
    all.insert(all.end(), frames.begin(), frames.end());
  }
  return all;
}

TEST(FlowControl, sends_no_more_than_the_stream_window_and_goes_on_when_it_opens) {
  Server server;
  server.send(headers(1, get()));
  respond(server.request());
  server.request().stream->send_data(text(100'000), true);
  EXPECT_EQ(body_bytes(all_sent(server)), 65'535u);
  EXPECT_EQ(server.codec.active_streams(), 1u);
  server.send(window_update(0, 1'000'000) + window_update(1, 10));
  EXPECT_EQ(body_bytes(all_sent(server)), 10u);
  server.send(window_update(1, 1'000'000));
  auto frames = all_sent(server);
  EXPECT_EQ(body_bytes(frames), 100'000u - 65'545);
  EXPECT_TRUE(frames.back().has(kFlagEndStream));
  EXPECT_EQ(server.codec.active_streams(), 0u);
}

TEST(FlowControl, connection_window_is_shared_in_turns) {
  Server server;
  server.send(settings({{Setting::kInitialWindowSize, 1'000'000}}) + headers(1, get()) + headers(3, get()));
  all_sent(server);
  for (size_t i : {0, 1}) {
    respond(server.request(i));
    server.request(i).stream->send_data(text(200'000), true);
  }
  EXPECT_EQ(body_bytes(all_sent(server)), 65'535u);
  server.send(window_update(0, 65'536));
  auto frames = all_sent(server);
  EXPECT_EQ(body_bytes(frames, 1), 32'768u);
  EXPECT_EQ(body_bytes(frames, 3), 32'768u);
}

TEST(FlowControl, initial_window_of_the_peer_changes_open_streams_and_may_go_below_zero) {
  Server server;
  server.send(settings({{Setting::kInitialWindowSize, 100}}) + headers(1, get()));
  respond(server.request());
  server.request().stream->send_data(text(300), true);
  EXPECT_EQ(body_bytes(all_sent(server)), 100u);
  server.send(settings({{Setting::kInitialWindowSize, 50}}));  // window is -50 now
  server.send(window_update(1, 60));
  EXPECT_EQ(body_bytes(all_sent(server)), 10u);
  server.send(settings({{Setting::kInitialWindowSize, 1000}}));
  EXPECT_EQ(body_bytes(all_sent(server)), 190u);
}

TEST(FlowControl, trailers_wait_for_the_body) {
  Server server;
  server.send(settings({{Setting::kInitialWindowSize, 3}}) + headers(1, get()));
  Request& request = server.request();
  respond(request);
  HeaderList trailers(*request.arena);
  trailers.add(HeaderId::kGrpcStatus, "0");
  request.stream->send_data("12345", false);
  request.stream->send_trailers(trailers);
  EXPECT_EQ(body_bytes(all_sent(server)), 3u);
  trailers.clear();  // it need not outlive the call
  server.send(window_update(1, 2));
  auto frames = all_sent(server);
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].payload, "45");
  EXPECT_FALSE(frames[0].has(kFlagEndStream));
  EXPECT_EQ(frames[1].payload, block({{"grpc-status", "0"}}));
  EXPECT_TRUE(frames[1].has(kFlagEndStream));
}

TEST(FlowControl, an_end_without_bytes_needs_no_window) {
  Server server;
  server.send(settings({{Setting::kInitialWindowSize, 0}}) + headers(1, get()));
  respond(server.request());
  server.request().stream->send_data({}, true);
  EXPECT_TRUE(all_sent(server).back().has(kFlagEndStream));
}

TEST(FlowControl, grants_again_at_half_a_window_and_not_before) {
  Http2Options options;
  options.stream_window = 100'000;
  Server server(options);
  server.send(headers(1, post(), false));
  for (int i = 0; i < 4; ++i) server.send(data(1, text(10'000)));
  EXPECT_TRUE(server.sent().empty());
  server.send(data(1, text(10'000)));
  auto frames = server.sent();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].stream, 1u);
  EXPECT_EQ(frames[0].number(), 50'000u);
}

TEST(FlowControl, a_body_of_any_size_flows) {
  Server server;
  server.send(headers(1, post(), false));
  size_t window = 256 * 1024, connection = 1024 * 1024, sent = 0;
  while (sent < 8'000'000) {
    while (window >= 16'384 && connection >= 16'384) {
      server.send(data(1, text(16'384)));
      window -= 16'384, connection -= 16'384, sent += 16'384;
    }
    auto frames = server.sent();
    ASSERT_FALSE(frames.empty());
    for (auto& frame : frames) (frame.stream ? window : connection) += frame.number();
  }
  EXPECT_EQ(server.request().body.size(), sent);
}

TEST(FlowControl, refuses_more_than_was_granted) {
  Http2Options options;
  options.stream_window = 70'000;
  options.connection_window = 100'000;
  Server server(options);
  server.send(headers(1, post(), false) + headers(3, post(), false) + headers(5, post(), false));
  for (size_t i : {0, 1}) server.request(i).stream->pause_reading(true);
  for (int i = 0; i < 4; ++i) server.send(data(1, text(16'384)));
  EXPECT_FALSE(server.request(0).reset);
  server.send(data(1, text(4'465)));
  EXPECT_EQ(server.request(0).details, "http2.stream_window_exceeded");
  EXPECT_EQ(server.codec.error(), "");
  EXPECT_EQ(server.sent().at(0).code(), ErrorCode::kFlowControlError);

  Server other(options);
  other.send(headers(1, post(), false) + headers(3, post(), false));
  for (size_t i : {0, 1}) other.request(i).stream->pause_reading(true);
  for (int i = 0; i < 4; ++i) other.send(data(1, text(16'384)));
  for (int i = 0; i < 3; ++i) other.send(data(3, text(16'384)));
  EXPECT_EQ(other.codec.error(), "http2.connection_window_exceeded");
}

TEST(FlowControl, a_paused_stream_stores_what_comes_and_grants_nothing) {
  Server server;
  server.send(headers(1, post(), false));
  Request& request = server.request();
  request.stream->pause_reading(true);
  for (int i = 0; i < 16; ++i) server.send(data(1, text(16'384), i == 15));
  EXPECT_EQ(request.data_calls, 0);
  EXPECT_TRUE(server.sent().empty());
  EXPECT_FALSE(server.codec.has_stored_input());
  request.stream->pause_reading(false);
  EXPECT_EQ(request.data_calls, 0);  // not within the owner's call
  ASSERT_TRUE(server.codec.has_stored_input());
  server.codec.resume(server.now);
  EXPECT_EQ(request.body.size(), 16u * 16'384);
  EXPECT_TRUE(request.ended);
  EXPECT_FALSE(server.codec.has_stored_input());
}

TEST(FlowControl, trailers_of_a_paused_stream_come_behind_its_body) {
  Server server;
  server.send(headers(1, post(), false));
  Request& request = server.request();
  request.stream->pause_reading(true);
  server.send(data(1, "abc") + headers(1, {{"a", "b"}}));
  EXPECT_FALSE(request.ended);
  request.stream->pause_reading(false);
  server.codec.resume(server.now);
  EXPECT_EQ(request.body, "abc");
  EXPECT_EQ(request.trailers, (Fields{{"a", "b"}}));
}

TEST(FlowControl, other_streams_go_on_while_one_is_paused) {
  Server server;
  server.send(headers(1, post(), false) + headers(3, post(), false));
  server.request(0).stream->pause_reading(true);
  server.send(data(1, "a") + data(3, "b", true));
  EXPECT_EQ(server.request(0).body, "");
  EXPECT_EQ(server.request(1).body, "b");
}

TEST(FlowControl, resetting_a_paused_stream_gives_the_connection_its_window_back) {
  Http2Options options;
  options.connection_window = 65'535;
  Server server(options);
  server.send(headers(1, post(), false));
  server.request().stream->pause_reading(true);
  for (int i = 0; i < 2; ++i) server.send(data(1, text(16'384)));
  server.request().stream->reset(ResetReason::kLocalReset);
  auto frames = server.sent();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].type, FrameType::kRstStream);
  EXPECT_EQ(frames[1].type, FrameType::kWindowUpdate);
  EXPECT_EQ(frames[1].number(), 32'768u);
}

TEST(FlowControl, buffered_bytes_show_back_pressure_and_its_end) {
  Http2Options options;
  options.high_watermark = 50'000;
  Server server(options);
  server.send(headers(1, get()));
  Request& request = server.request();
  respond(request);
  request.stream->send_data(text(40'000), false);
  EXPECT_TRUE(request.stream->writable());
  EXPECT_EQ(request.stream->buffered(), 40'000u);
  request.stream->send_data(text(50'000), false);
  EXPECT_FALSE(request.stream->writable());
  EXPECT_EQ(request.stream->buffered(), 90'000u);
  all_sent(server);  // 65,535 go out
  EXPECT_EQ(request.stream->buffered(), 90'000u - 65'535);
  EXPECT_TRUE(request.stream->writable());
  EXPECT_EQ(request.writable_calls, 1);
}

TEST(FlowControl, a_zero_window_keeps_the_bytes_in_the_stream) {
  Http2Options options;
  options.high_watermark = 50'000;
  Server server(options);
  server.send(settings({{Setting::kInitialWindowSize, 0}}) + headers(1, get()));
  Request& request = server.request();
  respond(request);
  all_sent(server);
  request.stream->send_data(text(60'000), false);
  EXPECT_FALSE(request.stream->writable());
  EXPECT_TRUE(server.codec.output().empty());
  server.send(window_update(1, 40'000));
  all_sent(server);
  EXPECT_EQ(request.writable_calls, 1);
  EXPECT_EQ(request.stream->buffered(), 20'000u);
}

TEST(FlowControl, a_full_output_leaves_data_in_the_streams) {
  Http2Options options;
  options.high_watermark = 64 * 1024;
  Server server(options);
  server.send(settings({{Setting::kInitialWindowSize, 10'000'000}}) + window_update(0, 100'000'000) +
              headers(1, get()) + headers(3, get()));
  for (size_t i : {0, 1}) {
    respond(server.request(i));
    server.request(i).stream->send_data(text(1'000'000), true);
  }
  EXPECT_LT(server.codec.output().size(), 100'000u);
  auto frames = all_sent(server);
  EXPECT_EQ(body_bytes(frames, 1), 1'000'000u);
  EXPECT_EQ(body_bytes(frames, 3), 1'000'000u);
  EXPECT_EQ(server.codec.active_streams(), 0u);
}

TEST(FlowControl, a_finished_response_without_window_is_given_up_after_a_time) {
  Server server;
  server.send(settings({{Setting::kInitialWindowSize, 10}}) + headers(1, get()));
  server.request().answer(200, "more than ten bytes");
  all_sent(server);
  EXPECT_EQ(server.codec.active_streams(), 1u);
  MonoTime deadline = server.codec.next_deadline();
  EXPECT_EQ(deadline, server.now + Connection::kLingerTimeout);
  server.now += Milliseconds(20'000);
  server.send(window_update(1, 1));  // progress
  all_sent(server);
  EXPECT_EQ(server.codec.error(), "");
  EXPECT_EQ(server.codec.next_deadline(), server.now + Connection::kLingerTimeout);
  server.now = server.codec.next_deadline();
  server.codec.on_time(server.now);
  EXPECT_EQ(all_sent(server).back().code(), ErrorCode::kCancel);
  EXPECT_EQ(server.codec.active_streams(), 0u);
}

TEST(FlowControl, a_response_that_is_queued_goes_out_before_the_reset_that_ends_the_request) {
  Server server;
  server.send(settings({{Setting::kInitialWindowSize, 2}}) + headers(1, post(), false));
  server.request().answer(413, "no!");
  server.request().stream->reset(ResetReason::kNone);
  EXPECT_EQ(body_bytes(all_sent(server)), 2u);
  server.send(data(1, "ignored") + window_update(1, 5));
  auto frames = all_sent(server);
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_TRUE(frames[0].has(kFlagEndStream));
  EXPECT_EQ(frames[1].code(), ErrorCode::kNoError);
  EXPECT_EQ(server.request().body, "");
}

}  // namespace
}  // namespace proa::http::h2::test
