#include "http/h2/client_connection.h"

#include <gtest/gtest.h>

#include "http/h2/test_peer.h"

namespace proa::http::h2::test {
namespace {

const Fields kOk = {{":status", "200"}};

TEST(ClientConnection, sends_preface_and_settings_first) {
  Owner owner;
  Http2Options options;
  ClientConnection codec(owner, options, MonoTime());
  EXPECT_TRUE(codec.output().to_string().starts_with(kClientPreface));
  auto frames = take_frames(codec, MonoTime());
  EXPECT_EQ(frames.at(0).payload, settings({{Setting::kEnablePush, 0},
                                            {Setting::kInitialWindowSize, 256 * 1024},
                                            {Setting::kMaxHeaderListSize, 60 * 1024}})
                                      .substr(kFrameHeaderSize));
  EXPECT_FALSE(codec.settled());
  EXPECT_EQ(codec.can_open(), 1u);
}

TEST(ClientConnection, sends_a_request_and_hands_over_the_response) {
  Client client;
  Response response;
  auto& stream = client.codec.open(response, response.arena);
  EXPECT_TRUE(client.sent().empty());
  RequestHead head(response.arena);
  head.method = "POST";
  head.method_id = Method::kPost;
  head.scheme = "https";
  head.path = "/a.B/C";
  head.authority = "a.test";
  head.wants_trailers = true;
  head.headers.add("x-a", "b");
  head.headers.add(HeaderId::kHost, "dropped");
  stream.send_request(head, false);
  stream.send_data("hello", true);
  auto frames = client.sent();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].stream, 1u);
  EXPECT_EQ(frames[0].payload,
            "\x83\x87\x04\x06/a.B/C\x01\x06"
            "a.test" +
                block({{"te", "trailers"}}) + block({{"x-a", "b"}}));
  EXPECT_TRUE(frames[1].has(kFlagEndStream));

  client.send(headers(1, with(kOk, {{"server", "s"}}), false) + data(1, "world") + headers(1, {{"grpc-status", "0"}}));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.fields, (Fields{{"server", "s"}}));
  EXPECT_EQ(response.body, "world");
  EXPECT_EQ(response.trailers, (Fields{{"grpc-status", "0"}}));
  EXPECT_EQ(client.codec.active_streams(), 0u);
  EXPECT_TRUE(client.codec.reusable());
}

TEST(ClientConnection, hands_over_informational_responses) {
  Client client;
  Response response;
  client.start(response);
  client.send(headers(1, {{":status", "100"}}, false) + headers(1, {{":status", "103"}}, false) + headers(1, kOk));
  EXPECT_EQ(response.informational, (std::vector<uint16_t>{100, 103}));
  EXPECT_TRUE(response.ended);
}

TEST(ClientConnection, opens_as_many_streams_as_we_want_when_the_server_names_no_limit) {
  Http2Options options;
  options.max_concurrent_streams = 500;
  Client client(options);
  EXPECT_EQ(client.codec.can_open(), 500u);
}

TEST(ClientConnection, respects_the_servers_stream_limit) {
  Client client({}, {{Setting::kMaxConcurrentStreams, 2}});
  EXPECT_EQ(client.codec.can_open(), 2u);
  Response a, b;
  client.start(a);
  auto& unsent = client.codec.open(b, b.arena);
  EXPECT_EQ(client.codec.can_open(), 0u);
  unsent.reset(ResetReason::kLocalReset);
  EXPECT_EQ(client.codec.can_open(), 1u);
  client.send(headers(1, kOk) + settings({{Setting::kMaxConcurrentStreams, 0}}));
  EXPECT_EQ(client.codec.can_open(), 0u);
  EXPECT_TRUE(client.codec.reusable());
}

TEST(ClientConnection, goaway_tells_streams_above_the_last_one_that_they_were_not_processed) {
  Client client;
  Response a, b, c;
  client.start(a);
  client.start(b);
  client.codec.open(c, c.arena);
  client.send(goaway(1));
  EXPECT_FALSE(a.reset);
  EXPECT_EQ(b.reason, ResetReason::kRemoteRefused);
  EXPECT_EQ(b.details, "http2.goaway");
  EXPECT_EQ(client.codec.can_open(), 0u);
  EXPECT_FALSE(client.codec.reusable());
  client.send(headers(1, kOk));
  EXPECT_TRUE(a.ended);
  EXPECT_FALSE(client.codec.finished());  // one is open that was not sent
}

TEST(ClientConnection, a_request_that_comes_after_goaway_is_refused_in_the_next_turn) {
  Client client;
  Response response;
  auto& stream = client.codec.open(response, response.arena);
  client.send(goaway(0));
  RequestHead head(response.arena);
  head.method = "GET";
  stream.send_request(head, true);
  EXPECT_FALSE(response.reset);
  ASSERT_TRUE(client.codec.has_stored_input());
  client.codec.resume(client.now);
  EXPECT_EQ(response.reason, ResetReason::kRemoteRefused);
  EXPECT_TRUE(client.codec.finished());
}

TEST(ClientConnection, graceful_goaway_lets_all_streams_end) {
  Client client;
  Response response;
  client.start(response);
  client.send(goaway(kMaxStreamId) + ping());
  EXPECT_FALSE(response.reset);
  client.send(goaway(1) + headers(1, kOk));
  EXPECT_TRUE(response.ended);
  EXPECT_TRUE(client.codec.finished());
  EXPECT_EQ(client.codec.error(), "");
}

TEST(ClientConnection, resets_of_the_server_say_whether_it_had_begun) {
  Client client;
  Response a, b;
  client.start(a);
  client.start(b);
  client.send(rst(1, ErrorCode::kRefusedStream) + rst(3, ErrorCode::kInternalError));
  EXPECT_EQ(a.reason, ResetReason::kRemoteRefused);
  EXPECT_EQ(b.reason, ResetReason::kRemoteReset);
}

TEST(ClientConnection, no_error_after_a_complete_response_ends_the_request_quietly) {
  Client client;
  Response response;
  auto& stream = client.start(response, false);
  client.send(headers(1, kOk, false) + data(1, "early", true));
  EXPECT_TRUE(response.ended);
  client.send(rst(1, ErrorCode::kNoError));
  EXPECT_TRUE(response.reset);
  EXPECT_EQ(response.reason, ResetReason::kNone);
  EXPECT_EQ(client.codec.active_streams(), 0u);
  (void)stream;
}

TEST(ClientConnection, no_error_does_not_overtake_a_stored_response) {
  Client client;
  Response response;
  auto& stream = client.start(response, false);
  stream.pause_reading(true);
  client.send(headers(1, kOk, false) + data(1, "early", true) + rst(1, ErrorCode::kNoError));
  EXPECT_FALSE(response.reset);
  stream.send_data("more", false);  // goes nowhere
  stream.pause_reading(false);
  client.codec.resume(client.now);
  EXPECT_EQ(response.body, "early");
  EXPECT_TRUE(response.ended);
  EXPECT_EQ(response.reason, ResetReason::kNone);
  EXPECT_TRUE(response.reset);
}

TEST(ClientConnection, the_end_of_the_transport_resets_every_stream) {
  Client client;
  Response sent, unsent;
  client.start(sent);
  client.codec.open(unsent, unsent.arena);
  client.codec.receive_end(true, client.now);
  EXPECT_EQ(sent.reason, ResetReason::kConnectionClosed);
  EXPECT_EQ(unsent.reason, ResetReason::kConnectionClosed);
  EXPECT_TRUE(client.codec.finished());
}

TEST(ClientConnection, shuts_down_when_its_streams_have_ended) {
  Client client;
  Response response;
  client.start(response);
  client.codec.shut_down(client.now);
  EXPECT_EQ(client.codec.can_open(), 0u);
  EXPECT_FALSE(client.codec.finished());
  client.send(headers(1, kOk));
  EXPECT_TRUE(client.codec.finished());
  EXPECT_EQ(client.sent().back().type, FrameType::kGoaway);
}

TEST(ClientConnection, malformed_responses_reset_the_stream) {
  struct Case {
    const char* reason;
    std::string bytes;
  };
  for (const Case& c : std::vector<Case>{
           {"http2.missing_status", headers(1, {{"a", "b"}})},
           {"http2.invalid_status", headers(1, {{":status", "20"}})},
           {"http2.invalid_status", headers(1, {{":status", "2000"}})},
           {"http2.invalid_status", headers(1, {{":status", "+20"}})},
           {"http2.invalid_status", headers(1, {{":status", "099"}})},
           {"http2.switching_protocols", headers(1, {{":status", "101"}}, false)},
           {"http2.request_pseudo_header_in_response", headers(1, with({{":path", "/"}}, kOk))},
           {"http2.end_stream_on_informational", headers(1, {{":status", "100"}})},
           {"http2.data_before_headers", data(1, "x")},
           {"http2.data_before_headers", headers(1, {{":status", "100"}}, false) + data(1, "x")},
           {"http2.connection_specific_header", headers(1, with(kOk, {{"connection", "close"}}))},
           {"http2.body_shorter_than_content_length", headers(1, with(kOk, {{"content-length", "3"}}))},
           {"http2.body_longer_than_content_length",
            headers(1, with(kOk, {{"content-length", "1"}}), false) + data(1, "22")},
           {"http2.body_longer_than_content_length", headers(1, {{":status", "204"}}, false) + data(1, "x")},
           {"http2.body_longer_than_content_length", headers(1, {{":status", "304"}}, false) + data(1, "x")},
           {"http2.trailers_without_end_stream", headers(1, kOk, false) + headers(1, {{"a", "b"}}, false)},
       }) {
    Client client;
    Response response;
    client.start(response);
    client.send(c.bytes);
    EXPECT_EQ(response.details, c.reason);
    EXPECT_EQ(response.reason, ResetReason::kProtocolError);
    EXPECT_EQ(client.codec.error(), "");
    EXPECT_EQ(client.sent().back().code(), ErrorCode::kProtocolError);
  }
}

TEST(ClientConnection, connection_errors_of_a_server) {
  struct Case {
    const char* reason;
    std::string bytes;
  };
  for (const Case& c : std::vector<Case>{
           {"http2.push_promise", frame(FrameType::kPushPromise, kFlagEndHeaders, 1, u32(2) + block(get()))},
           {"http2.headers_on_idle_stream", headers(3, kOk)},
           {"http2.headers_on_idle_stream", headers(2, kOk)},
           {"http2.data_on_idle_stream", data(3, "x")},
           {"http2.bad_enable_push", settings({{Setting::kEnablePush, 1}})},
           {"http2.bad_enable_connect_protocol",
            settings({{Setting::kEnableConnectProtocol, 1}}) + settings({{Setting::kEnableConnectProtocol, 0}})},
       }) {
    Client client;
    Response response;
    client.start(response);
    client.send(c.bytes);
    EXPECT_EQ(client.codec.error(), c.reason);
    EXPECT_EQ(response.reason, ResetReason::kConnectionClosed);
    EXPECT_TRUE(client.codec.finished());
  }
}

TEST(ClientConnection, wants_settings_first) {
  Owner owner;
  Http2Options options;
  ClientConnection codec(owner, options, MonoTime());
  codec.receive("HTTP/1.1 400 Bad Request\r\n\r\n", MonoTime());
  EXPECT_TRUE(codec.finished());
}

TEST(ClientConnection, too_many_informational_responses) {
  Client client;
  Response response;
  client.start(response);
  for (int i = 0; i < 40; ++i) client.send(headers(1, {{":status", "102"}}, false));
  EXPECT_EQ(response.informational.size(), 32u);
  EXPECT_EQ(response.details, "http2.too_many_informational_responses");
}

TEST(ClientConnection, a_response_head_above_the_limits_resets_its_stream_alone) {
  Client client;
  Response a, b;
  client.start(a);
  client.start(b);
  Fields many = kOk;
  for (int i = 0; i < 101; ++i) many.push_back({"x", "y"});
  client.send(headers(1, many) + headers(3, kOk));
  EXPECT_EQ(a.reason, ResetReason::kOverload);
  EXPECT_TRUE(b.ended);
}

TEST(ClientConnection, a_response_to_head_has_no_body_whatever_its_length_says) {
  Client client;
  Response response;
  client.start(response, true, "HEAD");
  client.send(headers(1, with(kOk, {{"content-length", "1000"}})));
  EXPECT_TRUE(response.ended);
  EXPECT_FALSE(response.reset);
}

TEST(ClientConnection, upgrades_are_extended_connect_where_the_server_takes_it) {
  for (bool allowed : {false, true}) {
    Client client({}, {{Setting::kEnableConnectProtocol, allowed ? 1u : 0u}});
    EXPECT_EQ(client.codec.allows_extended_connect(), allowed);
    Response response;
    auto& stream = client.codec.open(response, response.arena);
    RequestHead head(response.arena);
    head.method = "GET";
    head.method_id = Method::kGet;
    head.scheme = "https";
    head.path = "/";
    head.authority = "a";
    head.protocol = "websocket";
    stream.send_request(head, false);
    client.codec.resume(client.now);
    EXPECT_EQ(response.reset, !allowed);
    if (!allowed) continue;
    EXPECT_TRUE(client.sent().at(0).payload.starts_with(block({{"a", "CONNECT"}}).replace(0, 3, "\x02")));
    client.send(headers(1, kOk, false) + data(1, "frame"));
    EXPECT_EQ(response.status, 101) << "as HTTP/1 says it";
    EXPECT_EQ(response.body, "frame");
  }
}

/// A client whose server has said nothing yet, with an upgrade under way.
struct EarlyUpgrade {
  EarlyUpgrade() : stream(codec.open(response, response.arena)) {
    take_frames(codec, now);
    head.method = "GET";
    head.method_id = Method::kGet;
    head.path = "/";
    head.authority = "a";
    head.protocol = "websocket";
    stream.send_request(head, false);
  }
  void learn(bool allowed) { codec.receive(settings({{Setting::kEnableConnectProtocol, allowed ? 1u : 0u}}), now); }

  Owner owner;
  Http2Options options;
  MonoTime now{std::chrono::hours(1)};
  ClientConnection codec{owner, options, now};
  Response response;
  RequestHead head{response.arena};
  http::ClientStream& stream;
};

TEST(ClientConnection, an_upgrade_waits_for_the_servers_settings) {
  EarlyUpgrade early;
  early.stream.send_data("first", false);
  EXPECT_TRUE(take_frames(early.codec, early.now).empty());
  EXPECT_EQ(early.stream.buffered(), 5u);
  EXPECT_EQ(early.codec.can_open(), 0u);
  early.learn(true);
  auto sent = take_frames(early.codec, early.now);
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[0].type, FrameType::kSettings);
  EXPECT_EQ(sent[1].type, FrameType::kHeaders);
  EXPECT_EQ(sent[2].payload, "first");
  EXPECT_FALSE(sent[2].has(kFlagEndStream));
  early.stream.send_data("last", true);
  EXPECT_EQ(take_frames(early.codec, early.now).at(0).payload, "last");
}

TEST(ClientConnection, an_upgrade_that_waited_may_end_with_what_waited) {
  EarlyUpgrade early;
  early.stream.send_data("all", true);
  early.learn(true);
  EXPECT_TRUE(take_frames(early.codec, early.now).at(2).has(kFlagEndStream));
}

TEST(ClientConnection, an_upgrade_that_waited_is_refused_where_the_server_does_not_take_it) {
  EarlyUpgrade early;
  early.stream.send_data("lost", false);
  early.learn(false);
  early.codec.resume(early.now);
  EXPECT_EQ(early.response.reason, ResetReason::kRemoteRefused);
  EXPECT_EQ(early.codec.active_streams(), 0u);
}

TEST(ClientConnection, an_upgrade_may_be_given_up_while_it_waits) {
  EarlyUpgrade early;
  early.stream.reset(ResetReason::kLocalReset);
  early.learn(true);
  EXPECT_EQ(take_frames(early.codec, early.now).size(), 1u) << "the acknowledgement alone";
  EXPECT_FALSE(early.response.reset);
  EXPECT_GT(early.codec.can_open(), 0u);
}

TEST(ClientConnection, a_connection_that_dies_tells_an_upgrade_that_waits) {
  EarlyUpgrade early;
  early.codec.receive_end(true, early.now);
  EXPECT_EQ(early.response.reason, ResetReason::kConnectionClosed);
}

TEST(ClientConnection, pings_an_idle_connection_and_gives_it_up_without_an_answer) {
  Http2Options options;
  options.keepalive_interval = Milliseconds(1000);
  options.keepalive_timeout = Milliseconds(300);
  Client client(options);
  Response response;
  client.start(response);
  client.sent();
  client.now += Milliseconds(1000);
  EXPECT_EQ(client.codec.next_deadline(), client.now);
  client.codec.on_time(client.now);
  auto frames = client.sent();
  ASSERT_EQ(frames.size(), 1u);
  client.send(ping(frames[0].payload, true));
  EXPECT_EQ(client.codec.next_deadline(), client.now + Milliseconds(1000));
  client.now += Milliseconds(1000);
  client.codec.on_time(client.now);
  client.now += Milliseconds(300);
  EXPECT_EQ(client.codec.next_deadline(), client.now);
  client.codec.on_time(client.now);
  EXPECT_EQ(client.codec.error(), "http2.keepalive_timeout");
  EXPECT_EQ(response.reason, ResetReason::kConnectionClosed);
  EXPECT_EQ(client.owner.counted(CodecCounter::kKeepaliveTimeout), 1);
}

TEST(ClientConnection, reset_of_a_stream_sends_cancel_and_ignores_what_follows) {
  Client client;
  Response response;
  auto& stream = client.start(response);
  client.sent();
  stream.reset(ResetReason::kLocalReset);
  EXPECT_EQ(client.sent().at(0).code(), ErrorCode::kCancel);
  client.send(headers(1, kOk, false) + data(1, "late") + headers(1, {{"a", "b"}}));
  EXPECT_FALSE(client.codec.finished());
  EXPECT_EQ(response.status, 0);
}

}  // namespace
}  // namespace proa::http::h2::test
