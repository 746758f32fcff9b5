#include "http/h2/server_connection.h"

#include <gtest/gtest.h>

#include "http/h2/test_peer.h"

namespace proa::http::h2::test {
namespace {

TEST(ServerConnection, sends_its_settings_first) {
  Owner owner;
  Handler handler;
  Http2Options options;
  options.allow_connect = true;
  ServerConnection codec(owner, handler, options, MonoTime());
  auto frames = take_frames(codec, MonoTime());
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].type, FrameType::kSettings);
  EXPECT_EQ(frames[0].payload, settings({{Setting::kMaxConcurrentStreams, 1024},
                                         {Setting::kInitialWindowSize, 256 * 1024},
                                         {Setting::kMaxHeaderListSize, 60 * 1024},
                                         {Setting::kEnableConnectProtocol, 1}})
                                   .substr(kFrameHeaderSize));
  EXPECT_EQ(frames[1].type, FrameType::kWindowUpdate);
  EXPECT_EQ(frames[1].number(), 1024u * 1024 - 65535);
}

TEST(ServerConnection, hands_over_a_request_and_sends_its_response) {
  Server server;
  server.send(headers(1, with(get("/x?y"), {{"accept", "*/*"}, {"te", "trailers"}, {"x-a", "b"}})));
  Request& request = server.request();
  EXPECT_EQ(request.head->method, "GET");
  EXPECT_EQ(request.head->method_id, Method::kGet);
  EXPECT_EQ(request.head->scheme, "http");
  EXPECT_EQ(request.head->path, "/x?y");
  EXPECT_EQ(request.head->authority, "a.test");
  EXPECT_TRUE(request.head->wants_trailers);
  EXPECT_EQ(request.head->version, Version::kHttp2);
  EXPECT_TRUE(request.head_ended);
  EXPECT_EQ(request.stream->id(), 1u);
  EXPECT_EQ(to_fields(request.head->headers), (Fields{{"accept", "*/*"}, {"x-a", "b"}}));

  request.answer(200, "hello", {{"content-length", "5"}, {"connection", "close"}, {"transfer-encoding", "x"}});
  auto frames = server.sent();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].type, FrameType::kHeaders);
  EXPECT_EQ(frames[0].payload,
            "\x88\x0f\x0d\x01"
            "5");
  EXPECT_EQ(frames[1].payload, "hello");
  EXPECT_TRUE(frames[1].has(kFlagEndStream));
  EXPECT_EQ(server.codec.active_streams(), 0u);
}

TEST(ServerConnection, delivers_body_and_trailers) {
  Server server;
  server.send(headers(1, post(), false) + data(1, "abc") + data(1, "def") + headers(1, {{"x-checksum", "9"}}));
  EXPECT_EQ(server.request().body, "abcdef");
  EXPECT_EQ(server.request().trailers, (Fields{{"x-checksum", "9"}}));
  EXPECT_TRUE(server.request().ended);
}

TEST(ServerConnection, reads_the_same_however_the_bytes_are_cut) {
  std::string bytes = std::string(kClientPreface) + settings() + headers(1, post(), false) + data(1, "abc") + ping() +
                      frame(FrameType::kHeaders, kFlagEndStream, 3, block(get()).substr(0, 5)) +
                      frame(FrameType::kContinuation, kFlagEndHeaders, 3, block(get()).substr(5)) +
                      headers(1, {{"x", "y"}});
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    for (size_t step : {bytes.size(), size_t{1}}) {
      Owner owner;
      Handler handler;
      Http2Options options;
      ServerConnection codec(owner, handler, options, MonoTime());
      codec.receive(std::string_view(bytes).substr(0, cut), MonoTime());
      for (size_t at = cut; at < bytes.size(); at += step) {
        codec.receive(std::string_view(bytes).substr(at, step), MonoTime());
      }
      ASSERT_EQ(handler.requests.size(), 2u) << cut << " " << codec.error();
      EXPECT_EQ(handler.requests[0]->body, "abc");
      EXPECT_EQ(handler.requests[0]->trailers, (Fields{{"x", "y"}}));
      EXPECT_TRUE(handler.requests[1]->head_ended);
      EXPECT_EQ(codec.error(), "");
    }
  }
}

TEST(ServerConnection, takes_padding_off_and_grants_it_again) {
  Server server;
  server.send(headers(1, post(), false));
  std::string padded = frame(FrameType::kData, kFlagPadded, 1, std::string("\x03", 1) + "body" + std::string(3, '\0'));
  server.send(padded + data(1, "x", true));
  EXPECT_EQ(server.request().body, "bodyx");
}

TEST(ServerConnection, sends_informational_responses_before_the_final_one) {
  Server server;
  server.send(headers(1, with(post(), {{"expect", "100-continue"}}), false));
  EXPECT_TRUE(server.request().head->expect_continue);
  EXPECT_TRUE(server.request().head->headers.empty());
  HeaderList none(*server.request().arena);
  server.request().stream->send_informational(100, none);
  auto frames = server.sent();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].payload,
            "\x08\x03"
            "100");
  EXPECT_FALSE(frames[0].has(kFlagEndStream));
}

TEST(ServerConnection, a_unary_reply_of_head_body_and_trailers_is_contiguous_output) {
  Server server;
  server.send(headers(1, post()));
  Request& request = server.request();
  ResponseHead head(*request.arena);
  head.status = 200;
  HeaderList trailers(*request.arena);
  trailers.add(HeaderId::kGrpcStatus, "0");
  request.stream->send_response(head, false);
  request.stream->send_data("12345", false);
  request.stream->send_trailers(trailers);
  EXPECT_EQ(server.codec.output().front().size(), server.codec.output().size());
  auto frames = server.sent();
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_TRUE(frames[2].has(kFlagEndStream));
  EXPECT_EQ(frames[2].type, FrameType::kHeaders);
}

TEST(ServerConnection, large_heads_are_continued) {
  Server server;
  server.send(headers(1, get()));
  server.request().answer(200, "", {{"x-large", std::string(40'000, 'v')}});
  auto frames = server.sent();
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[0].type, FrameType::kHeaders);
  EXPECT_TRUE(frames[0].has(kFlagEndStream));
  EXPECT_FALSE(frames[0].has(kFlagEndHeaders));
  EXPECT_EQ(frames[1].type, FrameType::kContinuation);
  EXPECT_TRUE(frames[2].has(kFlagEndHeaders));
}

TEST(ServerConnection, plain_connect_is_a_tunnel) {
  Server server;
  server.send(headers(1, {{":method", "CONNECT"}, {":authority", "db.test:5432"}}, false));
  EXPECT_EQ(server.request().head->authority, "db.test:5432");
  EXPECT_EQ(server.request().head->path, "");
  ResponseHead head(*server.request().arena);
  head.status = 200;
  server.request().stream->send_response(head, false);
  server.send(data(1, "ping"));
  EXPECT_EQ(server.request().body, "ping");
  server.send(headers(1, {{"a", "b"}}));
  EXPECT_EQ(server.request().details, "http2.headers_in_tunnel");
}

TEST(ServerConnection, extended_connect_becomes_an_upgrade_when_allowed) {
  Fields upgrade = {{":method", "CONNECT"},
                    {":protocol", "websocket"},
                    {":scheme", "https"},
                    {":path", "/chat"},
                    {":authority", "a.test"}};
  Server refusing;
  refusing.send(headers(1, upgrade, false));
  EXPECT_EQ(refusing.sent().at(0).code(), ErrorCode::kProtocolError);

  Http2Options options;
  options.allow_connect = true;
  Server server(options);
  server.send(headers(1, upgrade, false));
  EXPECT_EQ(server.request().head->protocol, "websocket");
  EXPECT_EQ(server.request().head->method, "GET") << "as an upgrade of HTTP/1 has it";
  EXPECT_EQ(server.request().head->method_id, Method::kGet);
  EXPECT_EQ(server.request().head->path, "/chat");
  ResponseHead head(*server.request().arena);
  head.status = 101;  // as HTTP/1 says it
  server.request().stream->send_response(head, false);
  EXPECT_EQ(server.sent().at(0).payload, "\x88");
}

TEST(ServerConnection, a_complete_response_before_the_end_of_the_request_ends_with_no_error) {
  Server server;
  server.send(headers(1, post(), false));
  server.request().answer(413, "too large");
  server.request().stream->reset(ResetReason::kNone);
  auto frames = server.sent();
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[2].type, FrameType::kRstStream);
  EXPECT_EQ(frames[2].code(), ErrorCode::kNoError);
  server.send(data(1, "more"));  // was under way
  EXPECT_TRUE(server.sent().empty());
  EXPECT_EQ(server.codec.error(), "");
}

TEST(ServerConnection, reset_reasons_choose_the_error_code) {
  for (auto [reason, code] : std::vector<std::pair<ResetReason, ErrorCode>>{
           {ResetReason::kLocalReset, ErrorCode::kInternalError},
           {ResetReason::kRemoteRefused, ErrorCode::kRefusedStream},
           {ResetReason::kProtocolError, ErrorCode::kProtocolError},
           {ResetReason::kOverload, ErrorCode::kEnhanceYourCalm},
           {ResetReason::kNone, ErrorCode::kInternalError},  // there is no response
       }) {
    Server server;
    server.send(headers(1, get()));
    server.request().stream->reset(reason);
    EXPECT_EQ(server.sent().at(0).code(), code);
    EXPECT_FALSE(server.request().reset);
  }
}

TEST(ServerConnection, tells_of_the_clients_reset) {
  Server server;
  server.send(headers(1, post(), false) + rst(1));
  EXPECT_TRUE(server.request().reset);
  EXPECT_EQ(server.request().reason, ResetReason::kRemoteReset);
  EXPECT_EQ(server.codec.active_streams(), 0u);
  EXPECT_EQ(server.owner.counted(CodecCounter::kRxReset), 1);
}

TEST(ServerConnection, a_response_that_breaks_its_content_length_is_reset_and_told_later) {
  Server server;
  server.send(headers(1, get()));
  ResponseHead head(*server.request().arena);
  head.status = 200;
  head.headers.add(HeaderId::kContentLength, "3");
  server.request().stream->send_response(head, false);
  server.request().stream->send_data("four", false);
  EXPECT_FALSE(server.request().reset);
  EXPECT_TRUE(server.codec.has_stored_input());
  server.codec.resume(server.now);
  EXPECT_EQ(server.request().details, "http2.content_length_not_kept");
  EXPECT_EQ(server.sent().at(1).code(), ErrorCode::kInternalError);
}

TEST(ServerConnection, a_head_response_may_have_a_content_length_and_no_body) {
  Server server;
  server.send(headers(1, {{":method", "HEAD"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a"}}));
  server.request().answer(200, "", {{"content-length", "1000"}});
  EXPECT_EQ(server.sent().size(), 1u);
  EXPECT_FALSE(server.codec.has_stored_input());
}

TEST(ServerConnection, drains_gracefully_with_two_goaways_and_a_ping) {
  Server server;
  server.send(headers(1, get()));
  server.codec.shut_down(server.now);
  server.codec.shut_down(server.now);
  auto frames = server.sent();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].type, FrameType::kGoaway);
  EXPECT_EQ(frames[0].number(), kMaxStreamId);
  EXPECT_EQ(frames[1].type, FrameType::kPing);
  server.send(headers(3, get()));  // still taken
  EXPECT_EQ(server.handler.requests.size(), 2u);
  server.send(ping(frames[1].payload, true));
  frames = server.sent();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].number(), 3u);
  server.send(headers(5, get()));  // not any more
  EXPECT_EQ(server.handler.requests.size(), 2u);
  server.request(0).answer(200, "a");
  EXPECT_FALSE(server.codec.finished());
  server.request(1).answer(200, "b");
  EXPECT_TRUE(server.codec.finished());
  EXPECT_EQ(server.codec.error(), "");
  EXPECT_EQ(server.sent().size(), 4u);
}

TEST(ServerConnection, a_client_that_does_not_answer_the_ping_is_drained_after_a_time) {
  Server server;
  server.codec.shut_down(server.now);
  server.sent();
  server.now = server.codec.next_deadline();
  server.codec.on_time(server.now);
  EXPECT_EQ(server.sent().at(0).number(), 0u);
  EXPECT_TRUE(server.codec.finished());
}

TEST(ServerConnection, ends_when_the_transport_does) {
  Server server;
  server.send(headers(1, post(), false));
  server.codec.receive_end(false, server.now);
  EXPECT_EQ(server.request().reason, ResetReason::kConnectionClosed);
  EXPECT_TRUE(server.codec.finished());
}

TEST(ServerConnection, a_head_above_the_limits_is_answered_431) {
  Server server;
  Fields many = get();
  for (int i = 0; i < 120; ++i) many.push_back({"x-" + std::to_string(i), "v"});
  server.send(headers(1, many) + headers(3, get()));
  EXPECT_EQ(server.handler.requests.size(), 1u);
  auto frames = server.sent();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].payload,
            "\x08\x03"
            "431");
  EXPECT_EQ(server.handler.malformed.at(0), (std::pair<uint16_t, std::string>(431, "http2.headers_too_large")));
  EXPECT_EQ(server.owner.counted(CodecCounter::kHeadersTooLarge), 1);
}

TEST(ServerConnection, host_stands_for_an_absent_authority) {
  Server server;
  server.send(headers(1, {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"host", "b.test"}}));
  EXPECT_EQ(server.request().head->authority, "b.test");
  EXPECT_FALSE(server.request().head->headers.has(HeaderId::kHost));
}

TEST(ServerConnection, host_that_equals_authority_is_dropped_and_a_different_one_refused) {
  Server server;
  server.send(headers(1, with(get(), {{"host", "A.test"}})));
  EXPECT_FALSE(server.request().head->headers.has(HeaderId::kHost));
  server.send(headers(3, with(get(), {{"host", "b.test"}})));
  EXPECT_EQ(server.handler.requests.size(), 1u);
  EXPECT_EQ(server.sent().at(0).payload, "\x8c");  // 400
}

TEST(ServerConnection, underscores_are_refused_dropped_or_allowed) {
  std::string bytes = headers(1, with(get(), {{"x_a", "b"}}));
  Server refusing;
  refusing.send(bytes);
  EXPECT_EQ(refusing.owner.counted(CodecCounter::kHeadersWithUnderscoresRejected), 1);
  Http2Options options;
  options.underscores = UnderscoreAction::kDropHeader;
  Server dropping(options);
  dropping.send(bytes);
  EXPECT_TRUE(dropping.request().head->headers.empty());
  EXPECT_EQ(dropping.owner.counted(CodecCounter::kHeadersWithUnderscoresDropped), 1);
  options.underscores = UnderscoreAction::kAllow;
  Server allowing(options);
  allowing.send(bytes);
  EXPECT_EQ(allowing.request().head->headers.size(), 1u);
}

}  // namespace
}  // namespace proa::http::h2::test
