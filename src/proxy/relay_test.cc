#include "filters/all.h"
#include "proxy/exchange.h"
#include "proxy/test_exchange.h"

namespace proa::proxy {
namespace {

using upstream::ClusterStat;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

using RelayTest = ExchangeTest;

std::string post(size_t length, std::string_view body = {}) {
  return "POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: " + std::to_string(length) + "\r\n\r\n" +
         std::string(body);
}

TEST_F(RelayTest, bytes_go_on_as_they_come) {
  ask(post(6, "one"));
  EXPECT_TRUE(asked().ends_with("\r\n\r\none"));
  ask("two");
  EXPECT_EQ(asked(), "two");
  answer("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n");
  EXPECT_TRUE(told().ends_with("3\r\none\r\n"));
  answer("3\r\ntwo\r\n0\r\n\r\n");
  EXPECT_EQ(told(), "3\r\ntwo\r\n0\r\n\r\n");
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].received, 6U);
  EXPECT_EQ(records[0].sent, 6U);
}

TEST_F(RelayTest, trailers_go_on) {
  manager->http1.enable_trailers = true;
  auto http = std::make_shared<upstream::HttpSpec>();
  http->http1.enable_trailers = true;
  cluster.http = http;
  ask("POST / HTTP/1.1\r\nhost: a.test\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nx-t: 1\r\n\r\n");
  EXPECT_TRUE(asked().ends_with("1\r\nx\r\n0\r\nx-t: 1\r\n\r\n"));
  answer("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\ny\r\n0\r\nx-r: 2\r\n\r\n");
  EXPECT_TRUE(told().ends_with("1\r\ny\r\n0\r\nx-r: 2\r\n\r\n"));
  EXPECT_EQ(records.size(), 1U);
}

TEST_F(RelayTest, a_slow_server_holds_the_client_back) {
  constexpr size_t kSize = 8 * 1024 * 1024;
  ask(post(kSize));
  asked();
  upstreams.made[0].client->limit_writes(0);
  client->limit_writes(256 * 1024);
  const std::string piece(64 * 1024, 'x');
  size_t taken = 0;
  while (taken < kSize && client->send(piece)) {
    taken += piece.size();
    loop.settle();
  }
  EXPECT_LT(taken, kSize / 2) << "the rest waits at the client";
  EXPECT_EQ(stat(HttpStat::kFlowControlPaused), 1);
  EXPECT_EQ(stat(HttpStat::kFlowControlResumed), 0);
  upstreams.made[0].client->limit_writes(SIZE_MAX);
  client->limit_writes(SIZE_MAX);
  loop.settle();
  EXPECT_GE(stat(HttpStat::kFlowControlResumed), 1);
  client->send(std::string(kSize - taken, 'x'));
  loop.settle(1000);
  EXPECT_EQ(asked().size(), kSize);
  answer(kOk);
  EXPECT_TRUE(told().ends_with("ok"));
}

TEST_F(RelayTest, a_slow_client_holds_the_server_back) {
  constexpr size_t kSize = 8 * 1024 * 1024;
  ask("GET / HTTP/1.1\r\nhost: a.test\r\n\r\n");
  downstream->limit_writes(0);
  net::MemoryTransport& server = *upstreams.made[0].server;
  answer("HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(kSize) + "\r\n\r\n");
  server.limit_writes(256 * 1024);
  const std::string piece(64 * 1024, 'x');
  size_t taken = 0;
  while (taken < kSize && server.send(piece)) {
    taken += piece.size();
    loop.settle();
  }
  EXPECT_LT(taken, kSize / 2) << "the rest waits at the server";
  downstream->limit_writes(SIZE_MAX);
  server.limit_writes(SIZE_MAX);
  loop.settle();
  server.send(std::string(kSize - taken, 'x'));
  loop.settle(1000);
  const std::string response = told();
  EXPECT_EQ(response.size() - response.find("\r\n\r\n") - 4, kSize);
  EXPECT_EQ(records.size(), 1U);
}

TEST_F(RelayTest, a_body_is_kept_for_another_try) {
  forward.retry.emplace();
  forward.retry->on = route::kRetry5xx;
  forward.retry->base_interval = forward.retry->max_interval = Milliseconds(1);
  ask(post(6, "one"));
  ask("two");
  EXPECT_TRUE(asked().ends_with("onetwo"));
  answer("HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n");
  loop.run_for(Milliseconds(2));
  EXPECT_TRUE(asked().ends_with("\r\n\r\nonetwo"));
  answer(kOk);
  EXPECT_TRUE(told().starts_with("HTTP/1.1 200"));
}

TEST_F(RelayTest, a_try_that_fails_before_the_body_is_whole_is_repeated_with_what_came) {
  forward.retry.emplace();
  forward.retry->on = route::kRetry5xx;
  forward.retry->base_interval = forward.retry->max_interval = Milliseconds(1);
  ask(post(6, "one"));
  hang_up();
  loop.run_for(Milliseconds(2));
  ASSERT_EQ(upstreams.made.size(), 2U);
  EXPECT_TRUE(asked(1).ends_with("\r\n\r\none"));
  ask("two");
  EXPECT_EQ(asked(1), "two");
  answer(kOk, 1);
  EXPECT_TRUE(told().starts_with("HTTP/1.1 200"));
}

TEST_F(RelayTest, a_body_above_the_limit_is_sent_once) {
  forward.retry.emplace();
  forward.retry->on = route::kRetry5xx;
  manager->request_buffer_limit = 10;
  ask(post(30, "0123456789"));
  ask("0123456789");
  EXPECT_EQ(stat(ClusterStat::kRetryOrShadowAbandoned), 1);
  ask("0123456789");
  EXPECT_TRUE(asked().ends_with("\r\n\r\n012345678901234567890123456789"));
  answer("HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n");
  EXPECT_TRUE(told().starts_with("HTTP/1.1 503"));
  EXPECT_EQ(stat(ClusterStat::kRqRetry), 0);
}

TEST_F(RelayTest, after_a_1xx_a_body_is_not_kept_any_more) {
  forward.retry.emplace();
  forward.retry->on = route::kRetry5xx;
  manager->request_buffer_limit = 10;
  ask(post(20, "01234567"));
  answer("HTTP/1.1 103 Early Hints\r\n\r\n");
  ask("890123456789");
  EXPECT_EQ(stat(ClusterStat::kRetryOrShadowAbandoned), 0);
  EXPECT_TRUE(asked().ends_with("\r\n\r\n01234567890123456789"));
  answer(kOk);
  EXPECT_TRUE(told().ends_with("ok"));
}

TEST_F(RelayTest, an_answer_may_come_before_the_request_is_whole) {
  ask(post(6, "one"));
  answer(kOk);
  EXPECT_TRUE(told().starts_with("HTTP/1.1 200"));
  EXPECT_EQ(records.size(), 1U);
  EXPECT_TRUE(upstreams.made[0].server->peer_finished()) << "that connection waits for the rest";
  EXPECT_EQ(stat(ClusterStat::kRqActive), 0);
}

/// Doubles every byte of both bodies.
class Doubling final : public filters::Filter {
 public:
  Doubling() : Filter({.request_data = true, .response = true, .response_data = true}) {}
  filters::Verdict on_request(filters::Exchange& x, bool) const override {
    x.request().headers.set(http::HeaderId::kContentLength, "6");
    return filters::Verdict::kContinue;
  }
  void on_request_data(filters::Exchange&, Buffer& data, bool) const override { twice(data); }
  void on_response(filters::Exchange&, http::ResponseHead& head, bool) const override {
    head.headers.set(http::HeaderId::kContentLength, "4");
  }
  void on_response_data(filters::Exchange&, Buffer& data, bool) const override { twice(data); }

 private:
  static void twice(Buffer& data) {
    std::string out;
    while (!data.empty()) {
      const std::string_view piece = data.front();
      for (char c : piece) out += {c, c};
      data.drain(piece.size());
    }
    data.append(out);
  }
};

TEST_F(RelayTest, filters_may_change_both_bodies) {
  manager->chain.add("doubling", std::make_unique<Doubling>(), false);
  ask(post(3, "ab"));
  ask("c");
  EXPECT_TRUE(asked().ends_with("\r\n\r\naabbcc"));
  answer(kOk);
  EXPECT_TRUE(told().ends_with("\r\n\r\nookk"));
  EXPECT_EQ(records[0].sent, 4U);
}

TEST_F(RelayTest, what_waits_for_a_filter_goes_out_whole) {
  auto config = std::make_shared<filters::BufferConfig>();
  config->max_bytes = 100;
  manager->chain.add("buffer", filters::make_buffer(config), false);
  ask(post(6, "one"));
  EXPECT_TRUE(upstreams.made.empty());
  ask("two");
  EXPECT_TRUE(asked().ends_with("\r\n\r\nonetwo"));
}

TEST_F(RelayTest, more_than_a_filter_takes_is_413) {
  auto config = std::make_shared<filters::BufferConfig>();
  config->max_bytes = 4;
  manager->chain.add("buffer", filters::make_buffer(config), false);
  ask(post(6, "one"));
  ask("two");
  const std::string response = told();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 413") && says(response, "connection: close")) << response;
  EXPECT_EQ(stat(HttpStat::kRqTooLarge), 1);
  EXPECT_TRUE(upstreams.made.empty());
}

}  // namespace
}  // namespace proa::proxy
