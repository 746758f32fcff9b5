#include "http/h1/client_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/h1/recording_peer.h"

namespace proa::http::h1 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(ClientConnection, sends_a_request_and_is_ready_for_the_next) {
  RecordingClient client{{}};
  EXPECT_EQ(client.codec.can_open(), 1u);
  client.send("GET", "/x?y", true, {{"accept", "*/*"}, {"connection", "x"}, {"transfer-encoding", "gzip"}});
  EXPECT_EQ(client.codec.can_open(), 0u);
  EXPECT_EQ(client.take_output(), "GET /x?y HTTP/1.1\r\nhost: example.com\r\naccept: */*\r\n\r\n");
  client.receive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: 1\r\n\r\nhello");
  EXPECT_THAT(client.log, ElementsAre("response 200 content-length=5 x=1", "data hello", "end"));
  EXPECT_EQ(client.codec.can_open(), 1u);
  EXPECT_TRUE(client.codec.reusable());
}

TEST(ClientConnection, keeps_the_spelling_of_names_when_told) {
  Http1Options options;
  options.preserve_case = PreserveCase::kElseProperCase;
  RecordingClient client{options};
  client.send("GET", "/");
  client.receive("HTTP/1.1 200 OK\r\nX-SoMe: 1\r\nDATE: x\r\ncontent-length: 0\r\n\r\n");
  EXPECT_THAT(client.log, ElementsAre("response 200 x-some=1 date=x content-length=0", "end"));
  ASSERT_TRUE(client.receivers.back()->head);
  HeaderList& headers = client.receivers.back()->head->headers;
  headers.add("x-new", "2");
  Buffer out;
  write_response_head(out, 200, headers, {});
  EXPECT_EQ(out.to_string(), "HTTP/1.1 200 OK\r\nX-SoMe: 1\r\nDATE: x\r\ncontent-length: 0\r\nX-New: 2\r\n\r\n");
}

TEST(ClientConnection, counts_what_an_exchange_takes_of_the_wire) {
  RecordingClient client{{}};
  StreamBytes bytes;
  client.open().count_bytes(bytes);
  client.stream->send_request(client.request("POST", "/"), false);
  client.stream->send_data("abc", true);
  const std::string head = "POST / HTTP/1.1\r\nhost: example.com\r\ntransfer-encoding: chunked\r\n\r\n";
  EXPECT_EQ(bytes.head_sent, head.size());
  EXPECT_EQ(bytes.sent, client.take_output().size());
  const std::string response = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n";
  client.receive("HTTP/1.1 100 Continue\r\n\r\n");
  client.receive(response + "ok");
  EXPECT_EQ(bytes.head_received, 25 + response.size());
  EXPECT_EQ(bytes.received, 25 + response.size() + 2);
}

TEST(ClientConnection, frames_request_bodies) {
  RecordingClient client{{}};
  client.send("POST", "/", false);
  client.stream->send_data("abc", false);
  client.stream->send_data("", true);
  EXPECT_EQ(client.take_output(),
            "POST / HTTP/1.1\r\nhost: example.com\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  client.receive("HTTP/1.1 204 No Content\r\n\r\n");
  client.send("POST", "/", false, {{"content-length", "3"}});
  client.stream->send_data("abc", true);
  EXPECT_EQ(client.take_output(), "POST / HTTP/1.1\r\nhost: example.com\r\ncontent-length: 3\r\n\r\nabc");
  client.receive("HTTP/1.1 204 No Content\r\n\r\n");
  client.send("PUT", "/");
  EXPECT_EQ(client.take_output(), "PUT / HTTP/1.1\r\nhost: example.com\r\ncontent-length: 0\r\n\r\n");
}

TEST(ClientConnection, gives_the_same_events_however_the_response_is_split) {
  Http1Options options;
  options.enable_trailers = true;
  std::string input =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-T: 1\r\n\r\n";
  RecordingClient whole(options);
  whole.send("GET", "/");
  whole.receive(input);
  EXPECT_THAT(whole.log, ElementsAre("informational 100", "informational 103 link=a", "response 200",
                                     "data hello world", "trailers x-t=1"));
  EXPECT_TRUE(whole.codec.reusable());
  for (size_t cut = 1; cut < input.size(); ++cut) {
    RecordingClient split(options);
    split.send("GET", "/");
    split.receive(input.substr(0, cut));
    split.receive(input.substr(cut));
    EXPECT_EQ(split.log, whole.log) << "cut at " << cut;
    EXPECT_TRUE(split.codec.reusable());
  }
}

TEST(ClientConnection, takes_a_response_without_length_until_the_end) {
  RecordingClient client{{}};
  client.send("GET", "/");
  client.receive("HTTP/1.1 200 OK\r\n\r\nall");
  client.receive(" of it");
  client.codec.receive_end(false, client.now);
  EXPECT_THAT(client.log, ElementsAre("response 200", "data all of it", "end"));
  EXPECT_FALSE(client.codec.reusable());
  EXPECT_TRUE(client.codec.finished());
}

TEST(ClientConnection, expects_no_body_after_head_204_and_304) {
  RecordingClient client{{}};
  client.send("HEAD", "/");
  client.receive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  client.send("GET", "/");
  client.receive("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
  client.send("GET", "/");
  client.receive("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(client.log, ElementsAre("response 200 content-length=5", "end", "response 304 content-length=5", "end",
                                      "response 204", "end"));
  EXPECT_TRUE(client.codec.reusable());
}

TEST(ClientConnection, is_not_reused_when_the_peer_says_so) {
  for (std::string_view head : {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                                "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"}) {
    RecordingClient client{{}};
    client.send("GET", "/");
    client.receive(head);
    EXPECT_THAT(client.log, ElementsAre("response 200 content-length=0", "end"));
    EXPECT_FALSE(client.codec.reusable());
    EXPECT_TRUE(client.codec.finished());
  }
  RecordingClient kept{{}};
  kept.send("GET", "/");
  kept.receive("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive\r\n\r\n");
  EXPECT_TRUE(kept.codec.reusable());
}

TEST(ClientConnection, can_be_reused_from_inside_the_last_event) {
  static RecordingClient* reused;
  RecordingClient client{{}};
  reused = &client;
  client.send("GET", "/");
  client.receivers[0]->during_data = [] {
    reused->receivers[0]->during_data = nullptr;
    ASSERT_EQ(reused->codec.can_open(), 1u);
    reused->send("GET", "/2");
  };
  client.receive("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_THAT(client.take_output(), HasSubstr("GET /2 HTTP/1.1"));
  client.receive("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(client.log,
              ElementsAre("response 200 content-length=1", "data x", "end", "response 201 content-length=0", "end"));
}

// Threats S12.
TEST(ClientConnection, refuses_malformed_responses) {
  struct Case {
    std::string_view response, details;
  };
  for (auto [response, details] : std::initializer_list<Case>{
           {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "http1.content_length_and_chunked_not_allowed"},
           {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", "http1.duplicate_content_length"},
           {"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n", "http1.invalid_content_length"},
           {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "http1.invalid_transfer_encoding"},
           {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "http1.transfer_encoding_not_allowed"},
           {"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc", "http1.content_length_not_allowed"},
           {"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "http1.transfer_encoding_not_allowed"},
           {"HTTP/1.1 103 Early Hints\r\nContent-Length: 3\r\n\r\n", "http1.content_length_not_allowed"},
           {"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
            "http1.unexpected_upgrade"},
           {"HTTP/1.1 20 OK\r\n\r\n", "http1.invalid_status_line"},
           {"HTTP/1.1 2000 OK\r\n\r\n", "http1.invalid_status_line"},
           {"HTTP/1.1 099 OK\r\n\r\n", "http1.invalid_status_line"},
           {"HTTP/1.1  200 OK\r\n\r\n", "http1.invalid_status_line"},
           {"HTTP/2.0 200 OK\r\n\r\n", "http1.unsupported_version"},
           {"HTTP/1.10 200 OK\r\n\r\n", "http1.invalid_version"},
           {"http/1.1 200 OK\r\n\r\n", "http1.invalid_version"},
           {"\r\nHTTP/1.1 200 OK\r\n\r\n", "http1.invalid_version"},
           {"HTTP/1.1 200 OK\nX: 1\n\n", "http1.bare_lf"},
           {"HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n", "http1.bare_cr"},
           {"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", "http1.obs_fold"},
           {"HTTP/1.1 200 OK\r\nX : a\r\n\r\n", "http1.space_before_colon"},
           {"HTTP/1.1 200 OK\r\nX\r\n\r\n", "http1.missing_colon"},
           {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "http1.invalid_chunk_size"}}) {
    RecordingClient client{{}};
    client.send("GET", "/");
    client.receive(response);
    ASSERT_FALSE(client.log.empty()) << response;
    EXPECT_EQ(client.log.back(), "reset " + std::string(details)) << response;
    EXPECT_FALSE(client.codec.reusable());
    EXPECT_TRUE(client.codec.finished());
  }
}

TEST(ClientConnection, tolerates_a_missing_reason_phrase) {
  for (std::string_view line : {"HTTP/1.1 200 ", "HTTP/1.1 200"}) {
    RecordingClient client{{}};
    client.send("GET", "/");
    client.receive(std::string(line) + "\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(client.log.back(), "end");
  }
}

TEST(ClientConnection, is_not_reused_when_bytes_follow_the_response) {
  RecordingClient client{{}};
  client.send("GET", "/");
  client.receive("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n");
  EXPECT_THAT(client.log, ElementsAre("response 200 content-length=2", "data ok", "end"));
  EXPECT_FALSE(client.codec.reusable());
  EXPECT_TRUE(client.codec.finished());
  EXPECT_EQ(client.codec.error(), "http1.data_after_response");
}

TEST(ClientConnection, closes_when_bytes_come_unasked) {
  RecordingClient idle{{}};
  idle.receive("HTTP/1.1 408 Request Timeout\r\n\r\n");
  EXPECT_TRUE(idle.codec.finished());
  EXPECT_FALSE(idle.codec.reusable());

  RecordingClient opened{{}};
  opened.open();
  opened.receive("HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_THAT(opened.log, ElementsAre("reset http1.closed_before_response"));
}

TEST(ClientConnection, limits_informational_responses) {
  RecordingClient client{{}};
  client.send("GET", "/");
  for (uint32_t i = 0; i < ClientConnection::kMaxInformational; ++i) client.receive("HTTP/1.1 103 Early Hints\r\n\r\n");
  EXPECT_EQ(client.log.back(), "informational 103");
  client.receive("HTTP/1.1 103 Early Hints\r\n\r\n");
  EXPECT_EQ(client.log.back(), "reset http1.too_many_informational_responses");
}

TEST(ClientConnection, limits_the_head) {
  Http1Options options;
  options.max_head_bytes = 1000;
  RecordingClient client(options);
  client.send("GET", "/");
  client.receive("HTTP/1.1 200 OK\r\nX: " + std::string(1000, 'x'));
  EXPECT_EQ(client.log.back(), "reset http1.headers_too_large");
}

TEST(ClientConnection, tells_whether_the_peer_had_begun_to_answer) {
  RecordingClient unanswered{{}};
  unanswered.send("GET", "/");
  unanswered.codec.receive_end(false, unanswered.now);
  EXPECT_THAT(unanswered.log, ElementsAre("reset http1.closed_before_response"));

  RecordingClient failed{{}};
  failed.send("GET", "/");
  failed.codec.receive_end(true, failed.now);
  EXPECT_THAT(failed.log, ElementsAre("reset http1.closed_before_response"));

  RecordingClient in_head{{}};
  in_head.send("GET", "/");
  in_head.receive("HTTP/1.1 2");
  in_head.codec.receive_end(false, in_head.now);
  EXPECT_THAT(in_head.log, ElementsAre("reset http1.closed_in_response"));

  RecordingClient in_body{{}};
  in_body.send("GET", "/");
  in_body.receive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc");
  in_body.codec.receive_end(false, in_body.now);
  EXPECT_EQ(in_body.log.back(), "reset http1.closed_in_response");
}

TEST(ClientConnection, stays_usable_when_nothing_was_sent) {
  RecordingClient client{{}};
  client.open().reset(ResetReason::kLocalReset);
  EXPECT_EQ(client.codec.can_open(), 1u);
  client.send("GET", "/");
  client.stream->reset(ResetReason::kLocalReset);
  EXPECT_FALSE(client.codec.reusable());
  EXPECT_TRUE(client.codec.finished());
}

TEST(ClientConnection, keeps_the_connection_after_an_early_response_if_the_request_is_completed) {
  RecordingClient client{{}};
  client.send("POST", "/", false);
  client.receive("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client.log.back(), "end");
  EXPECT_EQ(client.codec.can_open(), 0u);
  client.stream->send_data("rest", true);
  EXPECT_EQ(client.codec.can_open(), 1u);
}

TEST(ClientConnection, upgrades_only_when_asked_and_answered) {
  RecordingClient client{{}};
  RequestHead& head = client.request("GET", "/chat", {{"sec-websocket-key", "k"}, {"content-length", "0"}});
  head.protocol = "websocket";
  client.open().send_request(head, false);
  client.stream->send_data("early", false);
  EXPECT_EQ(client.take_output(),
            "GET /chat HTTP/1.1\r\nhost: example.com\r\nsec-websocket-key: k\r\nconnection: upgrade\r\n"
            "upgrade: websocket\r\n\r\n");
  client.receive("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\nframe");
  EXPECT_THAT(client.log, ElementsAre("response 101", "data frame"));
  EXPECT_EQ(client.take_output(), "early");
  client.codec.receive_end(false, client.now);
  EXPECT_EQ(client.log.back(), "end");
  EXPECT_FALSE(client.codec.finished());
  client.stream->send_data("bye", true);
  EXPECT_EQ(client.take_output(), "bye");
  EXPECT_TRUE(client.codec.finished());
}

TEST(ClientConnection, drops_tunnel_bytes_when_the_upgrade_is_refused) {
  RecordingClient client{{}};
  RequestHead& head = client.request("GET", "/chat");
  head.protocol = "websocket";
  client.open().send_request(head, false);
  client.take_output();
  client.stream->send_data("GET /smuggled HTTP/1.1\r\n\r\n", false);
  client.receive("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_THAT(client.log, ElementsAre("response 200 content-length=2", "data ok", "end"));
  EXPECT_EQ(client.take_output(), "");
  EXPECT_TRUE(client.codec.reusable());
}

TEST(ClientConnection, refuses_101_to_another_protocol) {
  for (std::string_view fields : {"Connection: upgrade\r\nUpgrade: h2c\r\n", "Upgrade: websocket\r\n", ""}) {
    RecordingClient client{{}};
    RequestHead& head = client.request("GET", "/");
    head.protocol = "websocket";
    client.open().send_request(head, false);
    client.receive("HTTP/1.1 101 Switching Protocols\r\n" + std::string(fields) + "\r\n");
    EXPECT_THAT(client.log, ElementsAre("reset http1.unexpected_upgrade"));
  }
}

TEST(ClientConnection, writes_extended_connect_as_an_upgrade) {
  RecordingClient client{{}};
  RequestHead& head = client.request("CONNECT", "/chat");
  head.protocol = "websocket";
  client.open().send_request(head, false);
  EXPECT_THAT(client.take_output(), StartsWith("GET /chat HTTP/1.1\r\nhost: example.com\r\n"));
}

TEST(ClientConnection, tunnels_after_connect) {
  RecordingClient client{{}};
  RequestHead& head = client.request("CONNECT", "");
  head.authority = "db:5432";
  client.open().send_request(head, false);
  EXPECT_EQ(client.take_output(), "CONNECT db:5432 HTTP/1.1\r\nhost: db:5432\r\n\r\n");
  client.receive("HTTP/1.1 200 OK\r\n\r\nrows");
  EXPECT_THAT(client.log, ElementsAre("response 200", "data rows"));
  client.stream->send_data("query", true);
  EXPECT_EQ(client.take_output(), "query");
  EXPECT_TRUE(client.codec.output_ended());
}

TEST(ClientConnection, holds_the_response_while_paused) {
  RecordingClient client{{}};
  client.send("GET", "/");
  client.receive("HTTP/1.1 200 OK\r\n\r\n");
  client.stream->pause_reading(true);
  EXPECT_FALSE(client.codec.wants_input());
  client.receive("body");
  client.codec.receive_end(false, client.now);
  EXPECT_THAT(client.log, ElementsAre("response 200"));
  client.stream->pause_reading(false);
  client.turn();
  EXPECT_THAT(client.log, ElementsAre("response 200", "data body", "end"));
}

TEST(ClientConnection, resets_a_request_that_does_not_fit_its_length) {
  RecordingClient client{{}};
  client.send("POST", "/", false, {{"content-length", "3"}});
  client.stream->send_data("ab", true);
  EXPECT_FALSE(client.codec.finished());
  client.turn();
  EXPECT_THAT(client.log, ElementsAre("reset http1.request_length_mismatch"));
  EXPECT_TRUE(client.codec.finished());
}

TEST(ClientConnection, never_writes_a_head_that_would_split) {
  for (auto [method, path] : {std::array<std::string_view, 2>{"GE T", "/"},
                              {"GET", "/ HTTP/1.1\r\nX: 1"},
                              {"GET", ""},
                              {"GET", "/a b"},
                              {"GET", "/#f"}}) {
    RecordingClient client{{}};
    client.send(method, path);
    client.turn();
    EXPECT_THAT(client.log, ElementsAre("reset http1.invalid_request_head"));
    EXPECT_EQ(client.take_output(), "");
  }
}

TEST(ClientConnection, gives_up_on_a_slow_response_head) {
  RecordingClient client{{}};
  client.send("GET", "/");
  EXPECT_EQ(client.codec.next_deadline(), MonoTime::max());  // thinking time is the proxy's affair
  client.receive("HTTP/1.1 200");
  client.now = client.codec.next_deadline();
  client.codec.on_time(client.now);
  EXPECT_EQ(client.log.back(), "reset http1.response_header_timeout");
}

TEST(ClientConnection, sends_expect_when_the_request_has_it) {
  RecordingClient client{{}};
  RequestHead& head = client.request("POST", "/", {{"content-length", "1"}});
  head.expect_continue = true;
  client.open().send_request(head, false);
  EXPECT_THAT(client.take_output(), HasSubstr("expect: 100-continue\r\n"));
  client.receive("HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_THAT(client.log, ElementsAre("informational 100"));
}

TEST(ClientConnection, shuts_down_after_the_exchange) {
  RecordingClient client{{}};
  client.send("GET", "/");
  client.codec.shut_down(client.now);
  EXPECT_FALSE(client.codec.finished());
  client.receive("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(client.codec.finished());
}

TEST(ClientConnection, sends_trailers_only_in_chunked_bodies_and_when_enabled) {
  Http1Options options;
  options.enable_trailers = true;
  for (bool enabled : {true, false}) {
    options.enable_trailers = enabled;
    RecordingClient client(options);
    client.send("POST", "/", false);
    Arena arena;
    HeaderList trailers(arena);
    trailers.add("x-sum", "7");
    client.stream->send_data("a", false);
    client.stream->send_trailers(trailers);
    std::string end = enabled ? "0\r\nx-sum: 7\r\n\r\n" : "0\r\n\r\n";
    EXPECT_THAT(client.take_output(), testing::EndsWith("\r\n\r\n1\r\na\r\n" + end));
  }
}

TEST(ClientConnection, writes_large_chunks_and_reports_back_pressure) {
  Http1Options options;
  options.high_watermark = 10'000;
  RecordingClient client(options);
  client.send("POST", "/", false);
  std::string large(20'000, 'x');
  client.stream->send_data(large, false);
  EXPECT_FALSE(client.stream->writable());
  EXPECT_THAT(client.take_output(), testing::EndsWith("\r\n\r\n4e20\r\n" + large + "\r\n"));
  EXPECT_TRUE(client.stream->writable());
  EXPECT_THAT(client.log, ElementsAre("writable"));
}

TEST(ClientConnection, closes_quietly_when_an_idle_peer_does) {
  RecordingClient idle{{}};
  idle.codec.receive_end(false, idle.now);
  EXPECT_TRUE(idle.codec.finished());
  EXPECT_EQ(idle.codec.error(), "");

  RecordingClient opened{{}};
  opened.open();
  opened.codec.receive_end(false, opened.now);
  EXPECT_THAT(opened.log, ElementsAre("reset http1.closed_before_response"));
}

TEST(ClientConnection, is_not_reused_when_bytes_follow_an_early_response) {
  RecordingClient client{{}};
  client.send("POST", "/", false);
  client.receive("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  client.receive("HTTP/1.1 200 OK\r\n\r\n");
  client.stream->send_data("", true);
  EXPECT_FALSE(client.codec.reusable());
  EXPECT_TRUE(client.codec.finished());
}

TEST(ClientConnection, tells_when_the_peer_leaves_after_an_early_response) {
  RecordingClient client{{}};
  client.send("POST", "/", false);
  client.receive("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  client.codec.receive_end(false, client.now);
  EXPECT_EQ(client.log.back(), "reset http1.closed_in_request");
}

}  // namespace
}  // namespace proa::http::h1
