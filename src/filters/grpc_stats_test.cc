#include "filters/grpc_stats.h"

#include <gtest/gtest.h>

#include "filters/test_clusters.h"
#include "grpc/frame.h"
#include "observe/metadata.h"
#include "observe/stats_text.h"

namespace proa::filters {
namespace {

struct GrpcStatsTest : testing::Test {
  observe::Registry registry;
  std::shared_ptr<observe::DynamicStats> stats = std::make_shared<observe::DynamicStats>(registry);

  GrpcStatsConfig config(bool all_methods) {
    return {.filter_state = true, .all_methods = all_methods, .methods = {}, .stats = stats};
  }
  static Buffer messages(int count) {
    std::string body;
    for (int i = 0; i < count; ++i) grpc::append_frame("hello", false, body);
    Buffer data;
    data.append(body);
    return data;
  }
  /// A call with so many messages each way, and its status in the trailers.
  void call(FakeExchange& x, TestClusters& clusters, int requests, int responses, std::string_view status,
            std::string_view type = "application/grpc") {
    clusters.add("shop");
    clusters.serve(x, "shop");
    x.head.path = "/a.Svc/Buy";
    x.head.headers.add("content-type", type);
    EXPECT_EQ(x.request_head(false), Verdict::kContinue);
    Buffer out = messages(requests);
    x.filter().on_request_data(x, out, true);
    http::ResponseHead head(x.memory);
    head.headers.add("content-type", type);
    x.filter().on_response(x, head, false);
    Buffer in = messages(responses);
    x.filter().on_response_data(x, in, false);
    http::HeaderList trailers(x.memory);
    trailers.add("grpc-status", status);
    x.filter().on_response_trailers(x, trailers);
    if (x.filter().wants().complete) x.filter().on_complete(x);
  }
  std::string counted() {
    std::string text;
    observe::StatsQuery query;
    query.used_only = true;
    observe::write_stats_text(registry, query, text);
    return text;
  }
};

TEST_F(GrpcStatsTest, counts_by_method) {
  FakeExchange x(make_grpc_stats(config(true)));
  TestClusters clusters(x.test_loop);
  call(x, clusters, 2, 3, "0");
  EXPECT_EQ(counted(),
            "cluster.shop.grpc.a.Svc.Buy.0: 1\ncluster.shop.grpc.a.Svc.Buy.request_message_count: 2\n"
            "cluster.shop.grpc.a.Svc.Buy.response_message_count: 3\ncluster.shop.grpc.a.Svc.Buy.success: 1\n"
            "cluster.shop.grpc.a.Svc.Buy.total: 1\n");
  EXPECT_EQ(x.stream_info.filter_state->root[kGrpcStatsState], "2,3");
}

TEST_F(GrpcStatsTest, counts_all_methods_as_one_but_for_those_listed) {
  FakeExchange x(make_grpc_stats(config(false)));
  TestClusters clusters(x.test_loop);
  call(x, clusters, 1, 0, "14");
  EXPECT_EQ(counted(),
            "cluster.shop.grpc.14: 1\ncluster.shop.grpc.failure: 1\n"
            "cluster.shop.grpc.request_message_count: 1\ncluster.shop.grpc.total: 1\n");
  GrpcStatsConfig listed = config(false);
  listed.methods.insert({"a.Svc", "Buy"});
  FakeExchange y(make_grpc_stats(std::move(listed)));
  TestClusters others(y.test_loop);
  call(y, others, 1, 1, "0");
  EXPECT_NE(counted().find("cluster.shop.grpc.a.Svc.Buy.success: 1\n"), std::string::npos);
}

TEST_F(GrpcStatsTest, upstream_time_is_kept_when_asked_for) {
  GrpcStatsConfig timed = config(false);
  timed.upstream_time = true;
  FakeExchange x(make_grpc_stats(std::move(timed)));
  TestClusters clusters(x.test_loop);
  call(x, clusters, 1, 1, "0");
  EXPECT_NE(counted().find("cluster.shop.grpc.upstream_rq_time: P0"), std::string::npos) << counted();
}

TEST_F(GrpcStatsTest, what_is_no_grpc_call_is_not_counted) {
  FakeExchange x(make_grpc_stats(config(true)));
  TestClusters clusters(x.test_loop);
  call(x, clusters, 1, 1, "0", "application/json");
  EXPECT_EQ(counted(), "");
  EXPECT_FALSE(x.stream_info.filter_state);
  FakeExchange y(make_grpc_stats(config(true)));
  TestClusters others(y.test_loop);
  others.add("shop");
  others.serve(y, "shop");
  y.head.path = "/a/b/c";
  y.head.headers.add("content-type", "application/grpc");
  EXPECT_EQ(y.request_head(), Verdict::kContinue);
  EXPECT_EQ(counted(), "");
}

}  // namespace
}  // namespace proa::filters
