#include "proxy/tcp_stream.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "upstream/test_upstreams.h"

namespace proa::proxy {
namespace {

using http::ResetReason;

/// The exchange's side: asks for the connection, remembers what came.
struct Peer final : upstream::TcpWaiter, http::ResponseReceiver {
  void on_connected(std::unique_ptr<upstream::TcpConnection> connection) override {
    stream = std::make_unique<TcpStream>(std::move(connection), *this, arena, preamble);
  }
  void on_failed(upstream::PoolFailure, std::string_view) override {}
  void on_informational(http::ResponseHead&) override {}
  void on_response(http::ResponseHead& head, bool end) override {
    status = head.status;
    ended = end;
  }
  void on_data(std::string_view data, bool end) override {
    body += data;
    ended = end;
    if (give_up_at_data) stream->reset(ResetReason::kLocalReset);
  }
  void on_trailers(http::HeaderList&) override {}
  void on_reset(ResetReason why, std::string_view) override { reset = why; }
  void on_writable() override { ++writable_calls; }

  Arena arena;
  std::string preamble;
  std::unique_ptr<TcpStream> stream;
  uint16_t status = 0;
  std::string body;
  bool ended = false;
  bool give_up_at_data = false;
  ResetReason reset = ResetReason::kNone;
  int writable_calls = 0;
};

struct TcpStreamTest : testing::Test, upstream::ClusterFixture {
  void connect(std::string preamble = {}) {
    auto spec = upstream::static_cluster("backend", {upstream::endpoint("10.1.0.1:80")});
    spec.buffer_limit = 8;
    use(std::move(spec));
    upstream::LbContext context;
    upstream::HostRef host = worker->choose(context);
    peer.preamble = std::move(preamble);
    worker->connect_tcp(*host, peer);
    loop.settle();
    ASSERT_NE(peer.stream, nullptr);
  }
  void ask(bool end = false) {
    http::RequestHead head(peer.arena);
    peer.stream->send_request(head, end);
  }
  net::MemoryTransport& server() { return *upstreams.made.at(0).server; }
  net::MemoryTransport& socket() { return *upstreams.made.at(0).client; }
  Peer peer;
};

TEST_F(TcpStreamTest, answers_200_once_it_was_asked_and_carries_bytes_both_ways) {
  connect();
  server().send("banner ");
  loop.settle();
  EXPECT_EQ(peer.status, 0);
  EXPECT_EQ(peer.body, "") << "nothing comes before the answer";
  ask();
  EXPECT_EQ(peer.status, 0) << "not within the call";
  peer.stream->send_data("hello", false);
  loop.settle();
  EXPECT_EQ(peer.status, 200);
  EXPECT_EQ(server().receive(), "hello");
  server().send("hi");
  loop.settle();
  EXPECT_EQ(peer.body, "banner hi");
}

TEST_F(TcpStreamTest, the_preamble_goes_first) {
  connect("PROXY x\r\n");
  ask();
  peer.stream->send_data("hello", false);
  loop.settle();
  EXPECT_EQ(server().receive(), "PROXY x\r\nhello");
}

TEST_F(TcpStreamTest, each_direction_ends_by_itself) {
  connect();
  ask();
  peer.stream->send_data("last words", true);
  loop.settle();
  EXPECT_EQ(server().receive(), "last words");
  EXPECT_TRUE(server().peer_finished());
  server().send("reply");
  server().shutdown_write();
  loop.settle();
  EXPECT_EQ(peer.body, "reply");
  EXPECT_TRUE(peer.ended);
  EXPECT_EQ(stat(upstream::ClusterStat::kCxDestroyRemote), 1);
  EXPECT_EQ(stat(upstream::ClusterStat::kCxRxBytesTotal), 5);
  EXPECT_EQ(stat(upstream::ClusterStat::kCxTxBytesTotal), 10);
}

TEST_F(TcpStreamTest, a_slow_server_makes_it_unwritable_until_half_is_gone) {
  connect();
  ask();
  socket().limit_writes(4);
  peer.stream->send_data("0123456789", false);
  EXPECT_FALSE(peer.stream->writable());
  loop.settle();
  EXPECT_EQ(peer.stream->buffered(), 6U);
  EXPECT_EQ(peer.writable_calls, 0);
  EXPECT_EQ(server().receive(), "0123");
  loop.settle();
  EXPECT_TRUE(peer.stream->writable());
  EXPECT_EQ(peer.writable_calls, 1);
}

TEST_F(TcpStreamTest, a_paused_exchange_is_told_nothing) {
  connect();
  ask();
  loop.settle();
  peer.stream->pause_reading(true);
  server().send("later");
  loop.settle();
  EXPECT_EQ(peer.body, "");
  peer.stream->pause_reading(false);
  loop.settle();
  EXPECT_EQ(peer.body, "later");
}

TEST_F(TcpStreamTest, a_server_that_breaks_is_no_end) {
  connect();
  ask();
  loop.settle();
  socket().fail_with(ECONNRESET);
  loop.settle();
  EXPECT_EQ(peer.reset, ResetReason::kConnectionClosed);
  EXPECT_FALSE(peer.ended);
}

TEST_F(TcpStreamTest, a_cut_tunnel_is_passed_on_as_a_reset) {
  connect();
  ask();
  loop.settle();
  peer.give_up_at_data = true;
  server().send("x");
  loop.settle();
  EXPECT_TRUE(server().was_reset());
  EXPECT_EQ(stat(upstream::ClusterStat::kCxActive), 0);
}

TEST_F(TcpStreamTest, an_exchange_that_is_done_closes_in_order) {
  connect();
  ask();
  loop.settle();
  peer.stream->reset(ResetReason::kNone);
  loop.settle();
  EXPECT_TRUE(server().peer_finished());
  EXPECT_FALSE(server().was_reset());
}

}  // namespace
}  // namespace proa::proxy
