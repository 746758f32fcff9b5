#include "proxy/mirror.h"

#include <gtest/gtest.h>

#include "net/transport.h"
#include "upstream/test_upstreams.h"

namespace proa::proxy {
namespace {

using upstream::BreakerSpec;
using upstream::ClusterStat;

TEST(MirrorHost, says_so_before_the_port) {
  EXPECT_EQ(shadow_authority("host.test"), "host.test-shadow");
  EXPECT_EQ(shadow_authority("host.test:8080"), "host.test-shadow:8080");
  EXPECT_EQ(shadow_authority("[::1]:80"), "[::1]-shadow:80");
  EXPECT_EQ(shadow_authority("[::1]"), "[::1]-shadow");
}

/// One cluster for the copies; the exchange is played by hand.
class MirrorTest : public testing::Test, public upstream::ClusterFixture {
 protected:
  upstream::ClusterSpec spec = upstream::static_cluster("copies", {upstream::endpoint("10.1.0.1:80")});
  Mirrors mirrors;
  net::ConnectionInfo client;

  Mirror& start(const Mirror::Options& options) {
    if (!cluster) use(std::move(spec));
    auto arena = std::make_unique<Arena>();
    auto& head = *arena->make<http::RequestHead>(*arena);
    head.method = "POST";
    head.method_id = http::Method::kPost;
    head.scheme = "http";
    head.authority = "host.test";
    head.path = "/copied";
    auto* mirror = new Mirror(mirrors, *loop, std::move(arena), head, options);
    mirror->start(*worker, client);
    return *mirror;
  }
  std::string sent(size_t connection = 0) { return upstreams.made[connection].server->receive(); }
};

TEST_F(MirrorTest, goes_on_by_itself_once_it_is_complete) {
  Mirror& mirror = start({.buffer_limit = 100});
  EXPECT_TRUE(mirror.send("body", true));
  mirror.release();
  loop.settle();
  EXPECT_FALSE(mirrors.empty());
  answer(0);  // reads what came, too
  loop.settle();
  EXPECT_TRUE(mirrors.empty());
  EXPECT_EQ(stat(ClusterStat::kRqCompleted), 1);
  EXPECT_EQ(stat(ClusterStat::kRqActive), 0);
}

TEST_F(MirrorTest, sends_the_body_that_waited_for_the_connection) {
  upstreams.connect_at_once = false;
  Mirror& mirror = start({.buffer_limit = 100});
  EXPECT_TRUE(mirror.send("first ", false));
  EXPECT_TRUE(mirror.send("second", true));
  upstreams.made[0].client->announce_connected();
  loop.settle();
  const std::string text = sent();
  EXPECT_NE(text.find("POST /copied HTTP/1.1\r\n"), std::string::npos);
  EXPECT_NE(text.find("first "), std::string::npos);
  EXPECT_NE(text.find("second"), std::string::npos);
  mirror.release();
}

TEST_F(MirrorTest, is_given_up_once_above_the_buffers_limit) {
  upstreams.connect_at_once = false;
  Mirror& mirror = start({.buffer_limit = 10});
  EXPECT_TRUE(mirror.send("0123456789", false));
  EXPECT_FALSE(mirror.send("x", false)) << "told once, for the counter";
  EXPECT_TRUE(mirrors.empty());
  EXPECT_TRUE(mirror.send("more", true)) << "nobody takes it any more";
  mirror.release();
  EXPECT_EQ(stat(ClusterStat::kRqPendingActive), 0);
}

TEST_F(MirrorTest, a_slow_server_does_not_make_it_grow) {
  Mirror& mirror = start({.buffer_limit = 1000});
  loop.settle();
  upstreams.made[0].client->limit_writes(0);
  const std::string piece(64 * 1024, 'x');
  bool kept = true;
  int pieces = 0;
  for (; kept && pieces < 100; ++pieces) kept = mirror.send(piece, false);
  EXPECT_FALSE(kept);
  EXPECT_LT(pieces, 10);
  mirror.release();
}

TEST_F(MirrorTest, half_a_request_is_not_sent_on) {
  Mirror& mirror = start({.buffer_limit = 100});
  mirror.send("half", false);
  loop.settle();
  mirror.release();
  loop.settle();
  EXPECT_TRUE(mirrors.empty());
  EXPECT_TRUE(upstreams.made[0].server->peer_finished()) << "HTTP/1: the stream is reset by its connection";
}

TEST_F(MirrorTest, lasts_as_long_as_its_request_may) {
  start({.timeout = Milliseconds(100), .buffer_limit = 100, .end = true}).release();
  loop.run_for(Milliseconds(99));
  EXPECT_FALSE(mirrors.empty());
  loop.run_for(Milliseconds(2));
  EXPECT_TRUE(mirrors.empty());
  EXPECT_EQ(stat(ClusterStat::kRqTimeout), 1);
}

TEST_F(MirrorTest, a_full_cluster_has_no_copy) {
  auto breakers = std::make_shared<BreakerSpec>();
  breakers->of_default.max_pending_requests = 0;
  spec.breakers = breakers;
  start({.buffer_limit = 100, .end = true}).release();
  EXPECT_TRUE(mirrors.empty());
  EXPECT_EQ(stat(ClusterStat::kRqPendingOverflow), 1);
  EXPECT_EQ(stat(ClusterStat::kRqCompleted), 1);
}

}  // namespace
}  // namespace proa::proxy
