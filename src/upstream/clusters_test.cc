#include "upstream/clusters.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "upstream/test_upstreams.h"

namespace proa::upstream {
namespace {

class ClustersTest : public testing::Test {
 protected:
  ClustersTest() {
    ClusterContext context;
    context.registry = &registry;
    context.main_loop = &*loop;
    clusters = std::make_unique<Clusters>(context, upstreams);
    clusters->attach_worker(*loop);
  }
  ~ClustersTest() override {
    clusters->detach_worker();
    clusters.reset();
    loop.settle();
  }
  observe::Registry registry;
  net::TestLoop loop;
  TestUpstreams upstreams;
  std::unique_ptr<Clusters> clusters;
};

TEST_F(ClustersTest, a_cluster_is_found_after_it_was_added) {
  EXPECT_EQ(clusters->find("a"), nullptr);
  clusters->add(static_cluster("a", {endpoint("10.0.0.1:80")}));
  loop.settle();
  WorkerCluster* found = clusters->find("a");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(clusters->find("a"), found);
  EXPECT_EQ(clusters->find("b"), nullptr);
}

TEST_F(ClustersTest, an_equal_configuration_is_no_update) {
  auto spec = static_cluster("a", {endpoint("10.0.0.1:80")});
  spec.config_hash = 42;
  EXPECT_TRUE(clusters->add(spec));
  EXPECT_FALSE(clusters->add(spec));
}

TEST_F(ClustersTest, a_replaced_cluster_finishes_what_is_under_way) {
  clusters->add(static_cluster("a", {endpoint("10.0.0.1:80")}));
  loop.settle();
  WorkerCluster* old = clusters->find("a");
  LbContext context;
  TestRequest request;
  old->http_pool(*old->choose(context), {})->acquire(request);
  loop.settle();
  clusters->add(static_cluster("a", {endpoint("10.0.0.2:80")}));
  loop.settle();
  WorkerCluster* now = clusters->find("a");
  ASSERT_NE(now, old);
  EXPECT_EQ(now->choose(context)->address_text(), "10.0.0.2:80");
  EXPECT_FALSE(request.reset);
  upstreams.made[0].server->send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
  loop.settle();
  EXPECT_TRUE(request.done);
}

TEST_F(ClustersTest, a_held_cluster_outlives_its_removal_without_a_connection) {
  clusters->add(static_cluster("a", {endpoint("10.0.0.1:80")}));
  loop.settle();
  std::weak_ptr<Cluster> watched = clusters->find("a")->shared_cluster();
  {
    WorkerCluster::Hold hold(*clusters->find("a"));
    clusters->remove("a");
    loop.settle();
    ASSERT_FALSE(watched.expired());
    LbContext context;
    EXPECT_TRUE(hold.get()->choose(context));
  }
  loop.settle();
  EXPECT_TRUE(watched.expired());
}

TEST_F(ClustersTest, a_removed_cluster_is_not_found) {
  clusters->add(static_cluster("a", {endpoint("10.0.0.1:80")}));
  loop.settle();
  EXPECT_NE(clusters->find("a"), nullptr);
  EXPECT_TRUE(clusters->remove("a"));
  EXPECT_FALSE(clusters->remove("a"));
  loop.settle();
  EXPECT_EQ(clusters->find("a"), nullptr);
}

TEST_F(ClustersTest, a_warming_cluster_does_not_replace_the_one_in_use) {
  clusters->add(static_cluster("a", {endpoint("10.0.0.1:80")}));
  loop.settle();
  WorkerCluster* old = clusters->find("a");
  std::shared_ptr<Cluster> kept = old->shared_cluster();
  auto next = static_cluster("a", {endpoint("10.0.0.2:80")});
  auto check = std::make_shared<HealthCheckSpec>();
  check->kind = HealthCheckSpec::Kind::kTcp;
  next.health_checks.push_back(check);
  upstreams.connect_at_once = false;
  clusters->add(next);
  bool all = false;
  clusters->when_all_ready([&] { all = true; });
  loop.run_for(Milliseconds(2));
  EXPECT_EQ(clusters->warming(), 1u);
  EXPECT_EQ(clusters->find("a"), old);
  EXPECT_FALSE(all);
  upstreams.made.back().client->announce_connected();
  loop.settle();
  EXPECT_EQ(clusters->warming(), 0u);
  EXPECT_TRUE(all);
  EXPECT_NE(clusters->find("a")->shared_cluster(), kept);
}

TEST_F(ClustersTest, workers_choose_while_the_main_thread_changes_hosts) {
  auto spec = static_cluster("a", {endpoint("10.0.0.1:80")});
  auto outlier = std::make_shared<OutlierSpec>();
  outlier->max_ejection_percent = 50;
  spec.outlier = outlier;
  clusters->add(spec);
  loop.settle();
  std::atomic<int> running{2};
  std::atomic<int> chosen{0};
  auto work = [&] {
    net::Loop own;
    clusters->attach_worker(own);
    for (int i = 0; i < 300; ++i) {
      WorkerCluster* cluster = clusters->find("a");
      LbContext context;
      if (HostRef host = cluster->choose(context)) {
        ++chosen;
        cluster->cluster().report(*host, i % 7 ? Outcome::kServerError : Outcome::kSuccess);
      }
      own.run_once(Milliseconds(0));
    }
    clusters->detach_worker();
    --running;
  };
  std::thread first(work), second(work);
  auto shared = clusters->get("a");
  for (int i = 0; running > 0; ++i) {
    Assignment next;
    next.localities.push_back({{}, 0, 0, {endpoint("10.0.0.1:80"), endpoint("10.0.0.2:80")}});
    if (i % 2) next.localities[0].endpoints.pop_back();
    shared->assign(next);
    if (i % 50 == 49) clusters->add(spec);
    shared = clusters->get("a");
    loop.settle(2);
  }
  first.join();
  second.join();
  EXPECT_EQ(chosen, 600);
}

TEST_F(ClustersTest, what_is_published_is_known_before_what_is_posted_next) {
  clusters->add(static_cluster("a", {endpoint("10.0.0.1:80")}));
  clusters->publish();
  bool known = false;
  loop->post([&] { known = clusters->find("a") != nullptr; });
  loop.settle(2);
  EXPECT_TRUE(known);
}

TEST_F(ClustersTest, what_is_published_is_found_before_a_worker_runs_the_post) {
  clusters->add(static_cluster("a", {endpoint("10.0.0.1:80")}));
  clusters->publish();
  WorkerCluster* early = clusters->find("a");
  ASSERT_NE(early, nullptr);
  loop.settle();
  EXPECT_EQ(clusters->find("a"), early);  // the post that follows does not replace it
}

TEST_F(ClustersTest, ten_thousand_clusters_cost_little_and_are_published_in_one_turn) {
  size_t before = mallinfo2().uordblks;
  for (int i = 0; i < 10'000; ++i) {
    clusters->add(static_cluster("cluster_" + std::to_string(i), {endpoint("10.0.0.1:80")}));
  }
  clusters->when_all_ready([] {});
  // What waits for the workers is there for a moment only, but a process keeps its pages.
  EXPECT_LE((mallinfo2().uordblks - before) / 10'000, 4096u);
  loop.settle(2);
  EXPECT_NE(clusters->find("cluster_9999"), nullptr);
  EXPECT_EQ(clusters->size(), 10'000u);
  size_t each = (mallinfo2().uordblks - before) / 10'000;
  RecordProperty("bytes_per_cluster", static_cast<int>(each));
  if (each > 0) std::printf("bytes per cluster: %zu\n", each);  // sanitizers replace malloc: then it is 0
  EXPECT_LE(each, 4096u);
}

}  // namespace
}  // namespace proa::upstream
