#include "mesh/traffic/calls.h"

#include <gtest/gtest.h>

namespace proa::mesh {
namespace {

std::string metric(const std::string& name, const std::string& reporter, const std::string& more, double value) {
  return name + "{reporter=\"" + reporter +
         "\",source_workload=\"cart\",source_workload_namespace=\"shop\",destination_service=\"reviews.shop.svc\","
         "destination_service_name=\"reviews\",destination_service_namespace=\"shop\"," +
         more + "} " + std::to_string(value) + "\n";
}

const Call kCall{.from = {"shop", "cart"}, .service = "reviews.shop.svc", .ns = "shop", .name = "reviews"};

Calls read(const std::string& text) {
  auto out = read_calls(text);
  EXPECT_TRUE(out) << out.error().message;
  return out.value_or(Calls{});
}

TEST(CallsTest, requests_errors_and_mutual_tls) {
  const std::string total = "istio_requests_total";
  const Calls calls =
      read("# TYPE istio_requests_total counter\nother_metric{a=\"b\"} x\n" +
           metric(total, "source", R"(response_code="200",request_protocol="http")", 7) +
           metric(total, "source", R"(response_code="503",request_protocol="http")", 2) +
           metric(total, "source", R"(response_code="200",grpc_response_status="14",request_protocol="grpc")", 1) +
           metric(total, "destination",
                  R"(response_code="200",request_protocol="http",connection_security_policy="mutual_tls")", 8));
  ASSERT_EQ(calls.size(), 1U);
  const CallCount& count = calls.at(kCall);
  EXPECT_EQ(count.best().requests, 10);
  EXPECT_EQ(count.best().errors, 3);
  EXPECT_EQ(count.by_destination.mutual, 8);
}

TEST(CallsTest, percentiles_by_bucket) {
  std::string text;
  for (const auto& [bound, count] : {std::pair{"1", 50}, {"5", 90}, {"10", 99}, {"+Inf", 100}}) {
    text += metric("istio_request_duration_milliseconds_bucket", "source", "le=\"" + std::string(bound) + "\"", count);
  }
  const Calls calls = read(text);
  const Counted& counted = calls.at(kCall).by_source;
  EXPECT_EQ(counted.percentile_ms(0.5), 1);
  EXPECT_EQ(counted.percentile_ms(0.9), 5);
  EXPECT_EQ(counted.percentile_ms(0.999), 10);
  EXPECT_EQ(Counted().percentile_ms(0.5), 0);
}

TEST(CallsTest, since_is_what_came_between) {
  const auto at = [](double requests) {
    return read(metric("istio_requests_total", "destination", R"(response_code="200")", requests));
  };
  EXPECT_EQ(since(at(9), at(4)).at(kCall).best().requests, 5);
  EXPECT_TRUE(since(at(4), at(4)).empty());
  EXPECT_EQ(since(at(3), at(4)).at(kCall).best().requests, 3) << "started anew";
  Calls both = at(1);
  add(both, at(2));
  EXPECT_EQ(both.at(kCall).best().requests, 3);
}

TEST(CallsTest, a_broken_line_is_named) {
  const auto why = [](const char* text) {
    const auto out = read_calls(text);
    return out ? std::string() : out.error().message;
  };
  EXPECT_EQ(why("\nistio_requests_total{a=\"b} 1\n"), "line 2 is no metric: istio_requests_total{a=\"b} 1");
  EXPECT_NE(why("istio_requests_total{a=\"b\"} many\n"), "");
  EXPECT_NE(why("istio_requests_total{a} 1\n"), "");
  EXPECT_EQ(why("istio_requests_total{a=\"b\\\"c\\n\",} 1 1700000000\n"), "");
}

}  // namespace
}  // namespace proa::mesh
