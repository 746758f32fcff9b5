// Clusters whose connections end in memory, for the tests of filters that ask for one or call one.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "filters/fake_exchange.h"
#include "route/route.h"
#include "upstream/clusters.h"
#include "upstream/test_upstreams.h"

namespace proa::filters {

/// Only in tests. They live on the loop of the exchange.
class TestClusters {
 public:
  explicit TestClusters(net::TestLoop& loop) : loop_(loop) {
    upstream::ClusterContext context;
    context.registry = &registry;
    context.main_loop = &*loop;
    all = std::make_unique<upstream::Clusters>(context, upstreams);
    all->attach_worker(*loop);
  }
  ~TestClusters() {
    all->detach_worker();
    all.reset();
    loop_.settle();
  }

  void add(upstream::ClusterSpec spec) {
    all->add(std::move(spec));
    loop_.settle();
  }
  /// One host.
  void add(const std::string& name) { add(upstream::static_cluster(name, {upstream::endpoint("10.0.0.1:80")})); }
  /// `x` asks here, and its route goes to `cluster`.
  void serve(FakeExchange& x, const std::string& cluster) {
    x.all_clusters = all.get();
    route.cluster = cluster;
    route.action = std::make_shared<const route::Forward>();
    x.matched = &route;
  }

  observe::Registry registry;
  upstream::TestUpstreams upstreams;
  std::unique_ptr<upstream::Clusters> all;
  route::Route route;

 private:
  net::TestLoop& loop_;
};

}  // namespace proa::filters
