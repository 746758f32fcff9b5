#include "proxy/http_tunnel.h"

#include <gtest/gtest.h>

#include "upstream/test_upstreams.h"

namespace proa::proxy {
namespace {

using upstream::ClusterStat;
using State = net::IoResult::State;

struct HttpTunnelTest : testing::Test, upstream::ClusterFixture, TunnelOwner, net::TransportObserver {
  void on_answer(const http::ResponseHead& head) override { answer = head.status; }
  void on_trailers(const http::HeaderList& list) override { trailers = list.all().size(); }
  void on_open() override {
    opened = true;
    tunnel->observe(this);
  }
  void on_failed(upstream::PoolFailure, std::string_view why) override { failure = why; }
  void on_readable() override { ++readable_calls; }
  void on_writable() override { ++writable_calls; }

  void start(http::Method method = http::Method::kConnect, size_t limit = 8) {
    use(upstream::static_cluster("proxy", {upstream::endpoint("10.1.0.1:80")}));
    head.method_id = method;
    head.method = method == http::Method::kConnect ? "CONNECT" : "POST";
    head.authority = "target:443";
    if (method == http::Method::kPost) head.path = "/";
    tunnel = std::make_unique<HttpTunnel>(*loop, *this, head, arena, limit);
    tunnel->start(pool());
    loop.settle();
  }
  void open(http::Method method = http::Method::kConnect) {
    start(method);
    server().receive();
    server().send(method == http::Method::kConnect ? "HTTP/1.1 200 OK\r\n\r\n"
                                                   : "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    loop.settle();
    ASSERT_TRUE(opened);
  }
  std::string read() {
    std::string out;
    char bytes[4];
    net::IoResult result;
    while ((result = tunnel->read(bytes, sizeof bytes)).ok()) out.append(bytes, result.bytes);
    last = result.state;
    return out;
  }
  void write(std::string text) {
    iovec piece{text.data(), text.size()};
    EXPECT_EQ(tunnel->writev({&piece, 1}).bytes, text.size());
    loop.settle();
  }
  void TearDown() override {
    if (tunnel) tunnel->close(true);
    loop.settle();
  }
  net::MemoryTransport& server() { return *upstreams.made.at(0).server; }

  Arena arena;
  http::RequestHead head{arena};
  std::unique_ptr<HttpTunnel> tunnel;
  uint16_t answer = 0;
  size_t trailers = 0;
  bool opened = false;
  std::string failure;
  State last = State::kOk;
  int readable_calls = 0;
  int writable_calls = 0;
};

TEST_F(HttpTunnelTest, asks_and_carries_bytes_after_the_answer) {
  start();
  EXPECT_EQ(server().receive(), "CONNECT target:443 HTTP/1.1\r\nhost: target:443\r\n\r\n");
  EXPECT_FALSE(opened);
  server().send("HTTP/1.1 200 OK\r\n\r\nearly");
  loop.settle();
  EXPECT_TRUE(opened && tunnel->open());
  EXPECT_EQ(answer, 200);
  EXPECT_EQ(read(), "early");
  EXPECT_EQ(last, State::kBlocked);
  write("hello");
  EXPECT_EQ(server().receive(), "hello");
  server().send("reply");
  loop.settle();
  EXPECT_GT(readable_calls, 0);
  EXPECT_EQ(read(), "reply");
}

TEST_F(HttpTunnelTest, a_post_is_a_body_either_way) {
  open(http::Method::kPost);
  write("hello");
  EXPECT_EQ(server().receive(), "5\r\nhello\r\n");
  server().send("5\r\nreply\r\n0\r\n\r\n");
  loop.settle();
  EXPECT_EQ(read(), "reply");
  EXPECT_EQ(last, State::kEof);
  tunnel->shutdown_write();
  loop.settle();
  EXPECT_EQ(server().receive(), "0\r\n\r\n");
}

TEST_F(HttpTunnelTest, each_direction_ends_by_itself) {
  open();
  tunnel->shutdown_write();
  loop.settle();
  EXPECT_TRUE(server().peer_finished());
  server().send("late");
  server().shutdown_write();
  loop.settle();
  EXPECT_EQ(read(), "late");
  EXPECT_EQ(last, State::kEof);
}

TEST_F(HttpTunnelTest, another_answer_is_a_failure) {
  start();
  server().send("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno");
  loop.settle();
  EXPECT_EQ(answer, 403);
  EXPECT_FALSE(opened);
  EXPECT_EQ(failure, "tunnel refused");
  EXPECT_EQ(stat(ClusterStat::kRqActive), 0);
}

TEST_F(HttpTunnelTest, a_proxy_that_closes_before_its_answer) {
  start();
  server().close();
  loop.settle();
  EXPECT_FALSE(opened);
  EXPECT_EQ(failure, "http1.closed_before_response");
}

TEST_F(HttpTunnelTest, a_tunnel_that_breaks_is_no_end) {
  open();
  server().send("half");
  server().close(/*reset=*/true);
  loop.settle();
  read();
  EXPECT_EQ(last, State::kError);
}

TEST_F(HttpTunnelTest, bytes_that_nobody_reads_pause_the_proxy) {
  open();
  server().send("0123456789");
  loop.settle();
  server().send("more");
  loop.settle();
  char bytes[4];
  net::IoResult result = tunnel->read(bytes, 4);
  EXPECT_EQ(result.bytes, 4U);
  EXPECT_FALSE(result.drained);
  EXPECT_EQ(read(), "456789") << "paused: the rest waits in the socket";
  loop.settle();
  EXPECT_EQ(read(), "more");
}

TEST_F(HttpTunnelTest, closing_it_ends_the_request) {
  open();
  tunnel->close(true);
  loop.settle();
  EXPECT_EQ(stat(ClusterStat::kRqActive), 0);
  EXPECT_EQ(stat(ClusterStat::kCxActive), 0);
  EXPECT_TRUE(server().peer_finished());
}

TEST_F(HttpTunnelTest, it_may_be_closed_before_there_is_a_connection) {
  use(upstream::static_cluster("proxy", {upstream::endpoint("10.1.0.1:80")}));
  head.method_id = http::Method::kConnect;
  head.method = "CONNECT";
  head.authority = "target:443";
  tunnel = std::make_unique<HttpTunnel>(*loop, *this, head, arena, 8);
  tunnel->start(pool());
  tunnel->close(true);
  loop.settle();
  EXPECT_EQ(stat(ClusterStat::kRqPendingActive), 0);
  EXPECT_EQ(failure, "");
}

}  // namespace
}  // namespace proa::proxy
