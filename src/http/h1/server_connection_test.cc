#include "http/h1/server_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/h1/recording_peer.h"

namespace proa::http::h1 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kGet = "GET /a?b HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\n\r\n";
constexpr std::string_view kPost = "POST /p HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\n";

Http1Options websocket() {
  Http1Options options;
  options.upgrades = {"websocket"};
  return options;
}

TEST(ServerConnection, answers_a_request_and_keeps_the_connection) {
  RecordingServer server{{}};
  server.receive(kGet);
  EXPECT_THAT(server.log, ElementsAre("request GET /a?b @example.com accept=*/*", "end"));
  server.respond(200, "hello", {{"content-length", "5"}, {"content-type", "text/plain"}});
  EXPECT_EQ(server.take_output(), "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-type: text/plain\r\n\r\nhello");
  EXPECT_FALSE(server.codec.finished());
  EXPECT_EQ(server.codec.active_streams(), 0u);
  server.receive(kGet);
  EXPECT_EQ(server.log.size(), 4u);
}

TEST(ServerConnection, keeps_the_spelling_of_names_when_told) {
  Http1Options options;
  options.preserve_case = PreserveCase::kYes;
  RecordingServer server{options};
  server.receive("GET / HTTP/1.1\r\nHOST: a\r\nX-SoMe: 1\r\n\r\n");
  EXPECT_THAT(server.log, ElementsAre("request GET / @a x-some=1", "end"));
  ASSERT_TRUE(server.head->headers.spelling());
  Buffer out;
  server.head->headers.add("x-new", "2");
  write_request_head(out, *server.head, {});
  EXPECT_EQ(out.to_string(), "GET / HTTP/1.1\r\nHOST: a\r\nX-SoMe: 1\r\nx-new: 2\r\n\r\n");
  server.respond(200, "", {{"x-some", "1"}});
  EXPECT_EQ(server.take_output(), "HTTP/1.1 200 OK\r\nx-some: 1\r\ncontent-length: 0\r\n\r\n");
}

TEST(ServerConnection, counts_what_an_exchange_takes_of_the_wire) {
  RecordingServer server{{}};
  server.receive(std::string(kPost) + "he");
  StreamBytes bytes;
  server.stream->count_bytes(bytes);
  EXPECT_EQ(bytes.head_received, kPost.size());
  server.receive("llo");
  EXPECT_EQ(bytes.received, kPost.size() + 3) << "of the body: what came after the counting began";
  server.respond(200, "hello");
  const std::string head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
  EXPECT_EQ(bytes.head_sent, head.size());
  EXPECT_EQ(bytes.sent, server.take_output().size());
  const uint64_t before = bytes.received;
  server.receive(kGet);
  EXPECT_EQ(bytes.received, before) << "the next one is not counted there";
}

TEST(ServerConnection, frames_a_response_of_unknown_length_in_chunks) {
  RecordingServer server{{}};
  server.receive(kGet);
  server.respond(200, "hello");
  EXPECT_EQ(server.take_output(), "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
}

TEST(ServerConnection, says_that_an_empty_response_is_empty) {
  RecordingServer server{{}};
  server.receive(kGet);
  server.respond(404, "");
  EXPECT_EQ(server.take_output(), "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
}

TEST(ServerConnection, sends_no_body_for_head_204_and_304) {
  RecordingServer server{{}};
  server.receive("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  server.respond(200, "ignored", {{"content-length", "7"}});
  EXPECT_EQ(server.take_output(), "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n");
  server.receive(kGet);
  server.respond(204, "ignored", {{"content-length", "7"}});
  EXPECT_EQ(server.take_output(), "HTTP/1.1 204 No Content\r\n\r\n");
  server.receive(kGet);
  server.respond(304, "", {{"content-length", "7"}});
  EXPECT_EQ(server.take_output(), "HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n");
  EXPECT_FALSE(server.codec.finished());
}

TEST(ServerConnection, never_copies_connection_fields_of_the_response) {
  RecordingServer server{{}};
  server.receive(kGet);
  server.respond(
      200, "",
      {{"connection", "close"}, {"transfer-encoding", "chunked"}, {"keep-alive", "5"}, {"upgrade", "h2c"}, {"x", "1"}});
  EXPECT_EQ(server.take_output(), "HTTP/1.1 200 OK\r\nx: 1\r\ncontent-length: 0\r\n\r\n");
}

TEST(ServerConnection, gives_the_same_events_however_the_input_is_split) {
  std::string input = std::string(kGet) +
                      "POST /c HTTP/1.1\r\nhost: b\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "5;a=\"q\\\"\"\r\nhello\r\n1\r\n \r\n0\r\nX-T: 1\r\n\r\n" +
                      std::string(kPost) + "12345" + "\r\n" + std::string(kGet);
  Http1Options options;
  options.enable_trailers = true;
  RecordingServer whole(options);
  whole.answer = true;
  whole.receive(input);
  EXPECT_EQ(whole.log.size(), 10u);
  for (size_t cut = 1; cut < input.size(); ++cut) {
    RecordingServer split(options);
    split.answer = true;
    split.receive(input.substr(0, cut));
    split.receive(input.substr(cut));
    EXPECT_EQ(split.log, whole.log) << "cut at " << cut;
  }
  RecordingServer trickle(options);
  trickle.answer = true;
  for (char c : input) trickle.receive({&c, 1});
  EXPECT_EQ(trickle.log, whole.log);
  EXPECT_EQ(trickle.take_output(), whole.take_output());
}

TEST(ServerConnection, parses_a_pipelined_request_only_after_the_exchange_before) {
  RecordingServer server{{}};
  server.receive(std::string(kGet) + std::string(kGet));
  EXPECT_EQ(server.log.size(), 2u);
  EXPECT_FALSE(server.codec.wants_input());
  EXPECT_FALSE(server.codec.has_stored_input());
  server.respond(200, "1");
  EXPECT_EQ(server.log.size(), 2u);  // not within the call
  EXPECT_TRUE(server.codec.has_stored_input());
  server.turn();
  EXPECT_EQ(server.log.size(), 4u);
  EXPECT_TRUE(server.codec.wants_input());
}

TEST(ServerConnection, stops_reading_requests_while_responses_are_not_read) {
  Http1Options options;
  options.high_watermark = 1000;
  RecordingServer server(options);
  server.answer = true;
  std::string flood;
  for (int i = 0; i < 1000; ++i) flood += kGet;
  server.receive(flood);
  EXPECT_LT(server.codec.output().size(), 1200u);
  EXPECT_FALSE(server.codec.wants_input());
  for (int i = 0; i < 1000; ++i) {
    server.take_output();
    server.turn();
  }
  EXPECT_EQ(server.log.size(), 2000u);
}

TEST(ServerConnection, closes_when_the_client_asks_for_it) {
  RecordingServer server{{}};
  server.receive("GET / HTTP/1.1\r\nHost: a\r\nConnection: foo, close\r\n\r\n");
  server.respond(200, "");
  EXPECT_EQ(server.take_output(), "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
  EXPECT_TRUE(server.codec.finished());
  EXPECT_EQ(server.codec.error(), "");
}

TEST(ServerConnection, speaks_http_10_when_configured) {
  Http1Options options;
  options.accept_http_10 = true;
  options.default_host_for_http_10 = "default.example";
  RecordingServer server(options);
  server.receive("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(server.log[0], "request GET / @default.example");
  server.respond(200, "x", {{"content-length", "1"}});
  EXPECT_EQ(server.take_output(), "HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: keep-alive\r\n\r\nx");
  server.receive("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  server.respond(200, "until close");
  EXPECT_EQ(server.take_output(), "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nuntil close");
  EXPECT_TRUE(server.codec.finished());
}

TEST(ServerConnection, refuses_http_10_otherwise) {
  RecordingServer server{{}};
  server.receive("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
  EXPECT_THAT(server.log, ElementsAre("malformed 426 low_version"));
  EXPECT_THAT(server.take_output(), HasSubstr("connection: close, upgrade\r\nupgrade: HTTP/1.1\r\n"));
  EXPECT_TRUE(server.codec.finished());
}

TEST(ServerConnection, sends_informational_responses_first) {
  RecordingServer server{{}};
  server.receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(server.log[0], "request POST / @a expect content-length=2");
  Arena arena;
  server.stream->send_informational(100, HeaderList(arena));
  EXPECT_EQ(server.take_output(), "HTTP/1.1 100 Continue\r\n\r\n");
  server.receive("ok");
  server.respond(200, "");
  EXPECT_FALSE(server.codec.finished());
}

TEST(ServerConnection, closes_when_a_body_is_refused_that_waits_for_100) {
  RecordingServer server{{}};
  server.receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  server.respond(413, "");
  EXPECT_THAT(server.take_output(), HasSubstr("connection: close"));
  server.stream->reset(ResetReason::kNone);
  EXPECT_TRUE(server.codec.finished());
}

TEST(ServerConnection, drains_the_rest_of_a_body_after_an_early_response) {
  RecordingServer server{{}};
  server.receive(kPost);
  server.respond(403, "");
  EXPECT_EQ(server.take_output(), "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
  server.stream->reset(ResetReason::kNone);
  EXPECT_EQ(server.codec.active_streams(), 0u);
  server.receive("GET /" + std::string(kGet));  // 5 bytes of body, then a request
  EXPECT_THAT(server.log, ElementsAre("request POST /p @example.com content-length=5",
                                      "request GET /a?b @example.com accept=*/*", "end"));
}

TEST(ServerConnection, closes_rather_than_drain_a_long_body) {
  Http1Options options;
  options.max_drain_bytes = 10;
  RecordingServer known(options);
  known.receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n");
  known.respond(413, "");
  EXPECT_THAT(known.take_output(), HasSubstr("connection: close"));
  known.stream->reset(ResetReason::kNone);
  EXPECT_TRUE(known.codec.finished());

  RecordingServer chunked(options);
  chunked.receive("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  chunked.respond(413, "");
  chunked.stream->reset(ResetReason::kNone);
  EXPECT_FALSE(chunked.codec.finished());
  chunked.receive("9\r\n123456789\r\n");
  EXPECT_TRUE(chunked.codec.finished());
}

TEST(ServerConnection, gives_up_draining_after_a_while) {
  RecordingServer server{{}};
  server.receive(kPost);
  server.respond(403, "");
  server.stream->reset(ResetReason::kNone);
  server.take_output();
  server.now = server.codec.next_deadline();
  ASSERT_NE(server.now, MonoTime::max());
  server.codec.on_time(server.now);
  EXPECT_TRUE(server.codec.finished());
}

TEST(ServerConnection, resets_the_exchange_when_the_body_is_malformed) {
  RecordingServer server{{}};
  server.receive("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  server.receive("Z\r\n");
  EXPECT_THAT(server.log, ElementsAre("request POST / @a", "data abc", "reset http1.invalid_chunk_size"));
  EXPECT_THAT(server.take_output(), StartsWith("HTTP/1.1 400 "));
  EXPECT_TRUE(server.codec.finished());
  EXPECT_EQ(server.codec.error(), "http1.invalid_chunk_size");
  EXPECT_EQ(server.owner.counted(CodecCounter::kBadRequest), 1);
}

TEST(ServerConnection, holds_the_body_while_paused) {
  RecordingServer server{{}};
  server.receive(kPost);
  server.stream->pause_reading(true);
  EXPECT_FALSE(server.codec.wants_input());
  server.receive("12345");
  EXPECT_EQ(server.log.size(), 1u);
  EXPECT_FALSE(server.codec.has_stored_input());
  server.stream->pause_reading(false);
  EXPECT_TRUE(server.codec.has_stored_input());
  server.turn();
  EXPECT_THAT(server.log, ElementsAre(StartsWith("request"), "data 12345", "end"));
}

TEST(ServerConnection, delivers_what_was_stored_before_the_end_of_input) {
  RecordingServer server{{}};
  server.receive(kPost);
  server.stream->pause_reading(true);
  server.receive("123");
  server.codec.receive_end(false, server.now);
  EXPECT_EQ(server.log.size(), 1u);
  server.stream->pause_reading(false);
  server.turn();
  EXPECT_THAT(server.log, ElementsAre(StartsWith("request"), "data 123", "reset http1.closed_in_request"));
  EXPECT_TRUE(server.codec.finished());
}

TEST(ServerConnection, tells_when_the_client_goes_away) {
  RecordingServer server{{}};
  server.receive(kGet);
  server.codec.receive_end(false, server.now);
  EXPECT_EQ(server.log.back(), "reset http1.remote_disconnect");
  EXPECT_TRUE(server.codec.finished());
}

TEST(ServerConnection, reports_back_pressure) {
  Http1Options options;
  options.high_watermark = 100;
  RecordingServer server(options);
  server.receive(kGet);
  Arena arena;
  ResponseHead head(arena);
  head.status = 200;
  server.stream->send_response(head, false);
  EXPECT_TRUE(server.stream->writable());
  server.stream->send_data(std::string(200, 'x'), false);
  EXPECT_FALSE(server.stream->writable());
  EXPECT_GT(server.stream->buffered(), 200u);
  server.take_output();
  EXPECT_TRUE(server.stream->writable());
  EXPECT_EQ(server.log.back(), "writable");
}

TEST(ServerConnection, lets_its_owner_write_the_answer_to_a_malformed_message) {
  struct Teapot final : RefusalWriter {
    RefusalAnswer answer_malformed(uint16_t status, std::string_view, Arena& arena) override {
      asked = status;
      auto* head = arena.make<ResponseHead>(arena);
      head->status = 404;
      head->headers.add("content-length", "2");
      head->headers.add("server", "mine");
      return {head, "no"};
    }
    uint16_t asked = 0;
  } writer;
  RecordingServer server{{}};
  ServerConnection codec(server.options, server, server.owner, &writer);
  codec.receive("BAD\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", server.now);
  EXPECT_EQ(codec.output().to_string(),
            "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nserver: mine\r\nconnection: close\r\n\r\nno");
  EXPECT_EQ(writer.asked, 400);
  EXPECT_TRUE(codec.finished());
  EXPECT_TRUE(server.log.empty());
}

TEST(ServerConnection, refuses_a_slow_head) {
  RecordingServer server{{}};
  EXPECT_EQ(server.codec.next_deadline(), MonoTime::max());
  server.receive("GET / HT");
  ASSERT_EQ(server.codec.next_deadline(), server.now + std::chrono::seconds(10));
  server.now += std::chrono::seconds(9);
  server.receive("TP/1.1\r\n");  // a trickle does not move the deadline
  EXPECT_EQ(server.codec.next_deadline(), server.now + std::chrono::seconds(1));
  server.now += std::chrono::seconds(1);
  server.codec.on_time(server.now);
  EXPECT_THAT(server.take_output(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_TRUE(server.codec.finished());
  EXPECT_EQ(server.owner.counted(CodecCounter::kHeaderTimeout), 1);
}

TEST(ServerConnection, shuts_down_when_idle_or_after_the_exchange) {
  RecordingServer idle{{}};
  idle.codec.shut_down(idle.now);
  EXPECT_TRUE(idle.codec.finished());

  RecordingServer busy{{}};
  busy.receive(kGet);
  busy.codec.shut_down(busy.now);
  EXPECT_FALSE(busy.codec.finished());
  busy.respond(200, "");
  EXPECT_THAT(busy.take_output(), HasSubstr("connection: close"));
  EXPECT_TRUE(busy.codec.finished());
}

TEST(ServerConnection, closes_the_connection_on_reset) {
  RecordingServer server{{}};
  server.receive(kGet);
  server.stream->reset(ResetReason::kLocalReset);
  EXPECT_TRUE(server.codec.finished());
  EXPECT_EQ(server.log.size(), 2u);
}

// A response that does not fit its content-length must never look complete.
TEST(ServerConnection, resets_a_response_that_does_not_fit_its_length) {
  RecordingServer server{{}};
  server.receive(kGet);
  server.respond(200, "too long", {{"content-length", "3"}});
  EXPECT_FALSE(server.codec.finished());  // the receiver must still hear of it
  server.turn();
  EXPECT_EQ(server.log.back(), "reset http1.response_length_mismatch");
  EXPECT_TRUE(server.codec.finished());
  EXPECT_EQ(server.take_output(), "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n");
}

TEST(ServerConnection, never_writes_a_header_that_would_split_the_response) {
  for (auto [name, value] : {std::array<std::string_view, 2>{"x", "a\r\nset-cookie: b"},
                             {"a b", "c"},
                             {"x", "\n"},
                             {"content-length", "1, 1"},
                             {"content-length", ""}}) {
    RecordingServer server{{}};
    server.receive(kGet);
    server.respond(200, "", {{name, value}});
    server.turn();
    EXPECT_EQ(server.take_output(), "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    EXPECT_EQ(server.log.back(), "reset http1.invalid_response_head");
    EXPECT_TRUE(server.codec.finished());
  }
}

TEST(ServerConnection, writes_headers_in_proper_case_when_configured) {
  Http1Options options;
  options.proper_case_headers = true;
  RecordingServer server(options);
  server.receive(kGet);
  server.respond(200, "", {{"content-type", "a/b"}, {"x-b3-traceid", "1"}});
  EXPECT_EQ(server.take_output(),
            "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nX-B3-Traceid: 1\r\nContent-Length: 0\r\n\r\n");
}

TEST(ServerConnection, writes_heads_larger_than_a_buffer_block) {
  RecordingServer server{{}};
  server.receive(kGet);
  std::string large(40'000, 'v');
  server.respond(200, "", {{"x", large}});
  EXPECT_EQ(server.take_output(), "HTTP/1.1 200 OK\r\nx: " + large + "\r\ncontent-length: 0\r\n\r\n");
}

TEST(ServerConnection, sends_and_receives_trailers_when_enabled) {
  Http1Options options;
  options.enable_trailers = true;
  RecordingServer server(options);
  server.receive(
      "POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n"
      "1\r\nx\r\n0\r\nX-Sum: 7\r\n\r\n");
  EXPECT_THAT(server.log, ElementsAre("request POST / @a te", "data x", "trailers x-sum=7"));
  Arena arena;
  ResponseHead head(arena);
  head.status = 200;
  HeaderList trailers(arena);
  trailers.add("grpc-status", "0");
  server.stream->send_response(head, false);
  server.stream->send_trailers(trailers);
  EXPECT_EQ(server.take_output(), "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\ngrpc-status: 0\r\n\r\n");
}

TEST(ServerConnection, checks_and_drops_trailers_otherwise) {
  RecordingServer server{{}};
  std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n";
  server.receive(head + "X-Sum: 7\r\n\r\n");
  EXPECT_THAT(server.log, ElementsAre("request POST / @a", "data x", "end"));
  RecordingServer bad{{}};
  bad.receive(head + "Content-Length: 7\r\n\r\n");
  EXPECT_EQ(bad.log.back(), "reset http1.forbidden_trailer");
}

// Threats S9 and S10.
constexpr std::string_view kUpgrade =
    "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: k\r\n\r\n";

TEST(ServerConnection, becomes_a_tunnel_only_at_101) {
  RecordingServer server(websocket());
  server.receive(std::string(kUpgrade) + "early");
  EXPECT_THAT(server.log, ElementsAre("request GET /chat @a protocol=websocket sec-websocket-key=k"));
  Arena arena;
  ResponseHead head(arena);
  head.status = 101;
  head.headers.add("sec-websocket-accept", "z");
  server.stream->send_response(head, false);
  EXPECT_EQ(server.take_output(),
            "HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: z\r\nconnection: upgrade\r\n"
            "upgrade: websocket\r\n\r\n");
  server.turn();
  server.receive(" frame");
  EXPECT_EQ(server.log.back(), "data early frame");
  server.stream->send_data("reply", false);
  EXPECT_EQ(server.take_output(), "reply");
  server.codec.receive_end(false, server.now);
  EXPECT_EQ(server.log.back(), "end");
  EXPECT_FALSE(server.codec.finished());
  server.stream->send_data("bye", true);
  EXPECT_EQ(server.take_output(), "bye");
  EXPECT_TRUE(server.codec.finished());
}

TEST(ServerConnection, closes_one_way_of_a_tunnel_at_a_time) {
  RecordingServer server(websocket());
  server.receive(kUpgrade);
  server.respond(101, "");
  EXPECT_TRUE(server.codec.output_ended());
  server.receive("late");
  EXPECT_EQ(server.log.back(), "data late");
  EXPECT_FALSE(server.codec.finished());
  server.codec.receive_end(false, server.now);
  EXPECT_TRUE(server.codec.finished());
}

TEST(ServerConnection, takes_what_follows_a_refused_upgrade_for_the_next_request) {
  RecordingServer server(websocket());
  server.receive(std::string(kUpgrade) + std::string(kGet));
  EXPECT_EQ(server.log.size(), 1u);
  server.respond(426, "no");
  EXPECT_EQ(server.take_output(),
            "HTTP/1.1 426 Upgrade Required\r\ntransfer-encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n");
  server.turn();
  EXPECT_THAT(server.log,
              ElementsAre(StartsWith("request GET /chat"), "end", "request GET /a?b @example.com accept=*/*", "end"));
}

TEST(ServerConnection, ignores_h2c_and_upgrades_that_have_a_body) {
  RecordingServer server(websocket());
  server.receive(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
      "HTTP2-Settings: AAA\r\n\r\n");
  EXPECT_THAT(server.log, ElementsAre("request GET / @a", "end"));
  server.respond(200, "");
  server.receive(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_EQ(server.log[2], "request GET / @a content-length=1");
}

TEST(ServerConnection, refuses_101_that_nobody_asked_for) {
  RecordingServer server{{}};
  server.receive(kGet);
  server.respond(101, "");
  EXPECT_THAT(server.take_output(), StartsWith("HTTP/1.1 502 "));
  server.turn();
  EXPECT_TRUE(server.codec.finished());
}

TEST(ServerConnection, tunnels_after_a_2xx_to_connect) {
  RecordingServer server{{}};
  server.receive("CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n");
  EXPECT_THAT(server.log, ElementsAre("request CONNECT  @db:5432"));
  Arena arena;
  ResponseHead head(arena);
  head.status = 200;
  server.stream->send_response(head, false);
  EXPECT_EQ(server.take_output(), "HTTP/1.1 200 OK\r\n\r\n");
  server.receive("query");
  EXPECT_EQ(server.log.back(), "data query");
}

TEST(ServerConnection, refuses_early_data_after_connect) {
  RecordingServer one_packet{{}};
  one_packet.receive("CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\nquery");
  EXPECT_THAT(one_packet.log, ElementsAre("malformed 400 http1.early_data_on_connect"));
  EXPECT_EQ(one_packet.owner.counted(CodecCounter::kEarlyDataOnConnect), 1);

  RecordingServer two_packets{{}};
  two_packets.receive("CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n");
  two_packets.receive("query");
  EXPECT_EQ(two_packets.log.back(), "reset http1.early_data_on_connect");
  EXPECT_THAT(two_packets.take_output(), StartsWith("HTTP/1.1 400 "));
}

TEST(ServerConnection, answers_inside_the_request_event) {
  RecordingServer server{{}};
  server.answer = true;
  server.receive(std::string(kGet) + std::string(kPost));
  EXPECT_EQ(server.log.size(), 3u);
  server.receive("12345");
  EXPECT_EQ(server.log.back(), "end");
  EXPECT_FALSE(server.codec.finished());
  EXPECT_EQ(server.codec.active_streams(), 0u);
}

TEST(ServerConnection, closes_quietly_when_an_idle_client_does) {
  RecordingServer server{{}};
  server.codec.receive_end(false, server.now);
  EXPECT_TRUE(server.codec.finished());
  EXPECT_EQ(server.codec.error(), "");
  EXPECT_EQ(server.take_output(), "");
}

}  // namespace
}  // namespace proa::http::h1
