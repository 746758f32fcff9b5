#include "filters/ext_authz.h"

#include <gtest/gtest.h>

#include "filters/test_clusters.h"
#include "observe/stats_text.h"

namespace proa::filters {
namespace {

struct ExtAuthzTest : testing::Test {
  ExtAuthzTest() {
    config->service.cluster = "authz";
    config->service.upstream_headers.push_back(http::StringMatcher::exact("x-user"));
    config->service.allowed.push_back(http::StringMatcher::exact("x-told"));
  }
  ~ExtAuthzTest() override {
    if (x) x->filter().on_complete(*x);
  }
  /// The request's verdict; `service`: there is one.
  Verdict ask(bool service = true) {
    clusters.reset();  // they live on the loop of the exchange
    x = std::make_unique<FakeExchange>(make_ext_authz(config, stats, by_cluster));
    clusters = std::make_unique<TestClusters>(x->test_loop);
    if (service) clusters->add("authz");
    x->all_clusters = clusters->all.get();
    x->head.scheme = "http";
    x->head.path = "/a";
    x->head.headers.add("x-told", "1");
    x->head.headers.add("x-secret", "2");
    x->stream_info.downstream = &connection;
    x->stream_info.remote_address = &connection.remote;
    const Verdict verdict = x->request_head();
    x->test_loop.settle();
    return verdict;
  }
  std::string asked() { return clusters->upstreams.made.at(0).server->receive(); }
  void answer(const std::string& response) {
    clusters->upstreams.made.at(0).server->send(response);
    x->test_loop.settle();
  }
  int64_t count(size_t stat) const { return stats->value(stat); }

  observe::Registry registry;
  std::shared_ptr<observe::StatGroup> stats =
      std::make_shared<observe::StatGroup>(registry, kExtAuthzSchema, observe::StatName{"h", {}});
  std::shared_ptr<observe::DynamicStats> by_cluster = std::make_shared<observe::DynamicStats>(registry);
  std::shared_ptr<ExtAuthzConfig> config = std::make_shared<ExtAuthzConfig>();
  net::ConnectionInfo connection;
  std::unique_ptr<FakeExchange> x;
  std::unique_ptr<TestClusters> clusters;
};

TEST_F(ExtAuthzTest, a_request_waits_for_the_word_and_passes) {
  EXPECT_EQ(ask(), Verdict::kWait);
  const std::string question = asked();
  EXPECT_TRUE(question.starts_with("GET /a HTTP/1.1\r\n")) << question;
  EXPECT_NE(question.find("x-told: 1"), question.npos) << question;
  EXPECT_EQ(question.find("x-secret"), question.npos) << question;
  answer(
      "HTTP/1.1 200 OK\r\nx-user: jane\r\nx-other: 1\r\nx-envoy-auth-headers-to-remove: x-secret\r\ncontent-length: "
      "0\r\n\r\n");
  EXPECT_EQ(x->resumed, 1);
  EXPECT_FALSE(x->reply);
  EXPECT_EQ(x->head.headers.find("x-user")->value, "jane");
  EXPECT_FALSE(x->head.headers.find("x-other"));
  EXPECT_FALSE(x->head.headers.find("x-secret"));
  EXPECT_EQ(count(0), 1);
}

TEST_F(ExtAuthzTest, a_denial_is_the_answer) {
  EXPECT_EQ(ask(), Verdict::kWait);
  answer("HTTP/1.1 401 No\r\nwww-authenticate: Basic\r\ncontent-length: 4\r\n\r\nno.\n");
  EXPECT_EQ(x->resumed, 0);
  ASSERT_TRUE(x->reply);
  EXPECT_EQ(x->reply->status, 401);
  EXPECT_EQ(x->reply->body, "no.\n");
  EXPECT_EQ(x->reply->details, "ext_authz_denied");
  EXPECT_EQ(x->reply->headers->find("www-authenticate")->value, "Basic");
  EXPECT_FALSE(x->reply->headers->find("content-length"));
  EXPECT_TRUE(x->stream_info.has(observe::ResponseFlag::kUnauthorizedExternalService));
  EXPECT_EQ(count(1), 1);
}

TEST_F(ExtAuthzTest, without_a_service_nothing_passes) {
  EXPECT_EQ(ask(false), Verdict::kDone);
  EXPECT_EQ(x->reply->status, 403);
  EXPECT_EQ(x->reply->details, "ext_authz_error");
  EXPECT_EQ(count(2), 1);
}

TEST_F(ExtAuthzTest, a_service_that_fails_refuses) {
  EXPECT_EQ(ask(), Verdict::kWait);
  answer("HTTP/1.1 503 Down\r\ncontent-length: 0\r\n\r\n");
  ASSERT_TRUE(x->reply);
  EXPECT_EQ(x->reply->status, 403);
}

TEST_F(ExtAuthzTest, a_failure_passes_where_it_is_allowed_to) {
  config->failure_allows = config->tell_of_failure = true;
  EXPECT_EQ(ask(false), Verdict::kContinue);
  EXPECT_EQ(x->head.headers.find("x-envoy-auth-failure-mode-allowed")->value, "true");
  EXPECT_EQ(count(5), 1);
}

TEST_F(ExtAuthzTest, a_service_that_says_nothing_runs_out_of_time) {
  config->service.timeout = Milliseconds(50);
  EXPECT_EQ(ask(), Verdict::kWait);
  x->test_loop.run_for(Milliseconds(51));
  ASSERT_TRUE(x->reply);
  EXPECT_EQ(x->reply->status, 403);
  EXPECT_EQ(count(2), 1) << "an error";
  EXPECT_EQ(count(3), 1) << "a time-out";
}

TEST_F(ExtAuthzTest, words_are_counted_by_the_cluster_that_the_request_would_go_to) {
  EXPECT_EQ(ask(), Verdict::kWait);
  clusters->add("shop");
  clusters->serve(*x, "shop");
  answer("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n");
  std::string text;
  observe::write_stats_text(registry, {}, text);
  EXPECT_NE(text.find("cluster.shop.ext_authz.denied: 1\n"), text.npos) << text;
}

TEST_F(ExtAuthzTest, a_client_that_goes_is_not_asked_about_any_more) {
  EXPECT_EQ(ask(), Verdict::kWait);
  x->filter().on_complete(*x);
  answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  EXPECT_EQ(x->resumed, 0);
}

TEST_F(ExtAuthzTest, some_requests_are_not_asked_about) {
  config->enabled = route::Fraction{{0, 100}, {}};
  EXPECT_EQ(ask(), Verdict::kContinue);
  EXPECT_EQ(count(4), 1);
  config->deny_when_disabled = true;
  EXPECT_EQ(ask(), Verdict::kDone);
  EXPECT_EQ(x->reply->status, 403);
}

}  // namespace
}  // namespace proa::filters
