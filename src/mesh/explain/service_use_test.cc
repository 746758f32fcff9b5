#include "mesh/explain/service_use.h"

#include <gtest/gtest.h>

#include "mesh/push/resource_type.h"

namespace proa::mesh {
namespace {

HeldConfig held() {
  auto out = read_config_dump(R"({"configs": [
    {"bootstrap": {"node": {"id": "n", "metadata": {"NAMESPACE": "shop", "LABELS": {"app": "cart", "version": "v1"}}}}},
    {"dynamic_active_clusters": [
      {"cluster": {"name": "outbound|80||a.example", "metadata": {"filter_metadata": {"istio": {"services": [{"namespace": "x"}]}}}}},
      {"cluster": {"name": "outbound|80|v1|a.example", "alt_stat_name": "a-v1;"}},
      {"cluster": {"name": "outbound|80||b.example"}},
      {"cluster": {"name": "inbound|80||"}}, {"cluster": {"name": "PassthroughCluster"}}]}]})");
  EXPECT_TRUE(out);
  return out.value_or(HeldConfig{});
}

constexpr std::string_view kStats =
    "envoy_cluster_upstream_cx_total{envoy_cluster_name=\"a-v1;\"} 3\n"
    "envoy_cluster_upstream_cx_total{envoy_cluster_name=\"outbound|80||a.example\"} 1\n"
    "envoy_cluster_upstream_cx_total{envoy_cluster_name=\"outbound|80||b.example\"} 0\n"
    "envoy_cluster_upstream_cx_total{envoy_cluster_name=\"inbound|80||\"} 9\n";

TEST(ServiceUseTest, by_service_over_ports_and_subsets) {
  const auto use = service_use(held(), kStats);
  ASSERT_TRUE(use);
  ASSERT_EQ(use->size(), 2U);
  EXPECT_EQ((*use)[0].host, "a.example");
  EXPECT_EQ((*use)[0].ns, "x");
  EXPECT_EQ((*use)[0].connections, 4);
  EXPECT_FALSE((*use)[1].called());
}

TEST(ServiceUseTest, the_sidecar_leaves_what_is_called) {
  const HeldConfig config = held();
  EXPECT_EQ(sidecar_object(config.node, *service_use(config, kStats)), R"(apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: "cart", namespace: "shop"}
spec:
  workloadSelector:
    labels:
      app: "cart"
  egress:
  - hosts:
    - "x/a.example"
)");
  EXPECT_NE(sidecar_object(config.node, *service_use(config, "")).find("- \"~/*\"\n"), std::string::npos);
  EXPECT_EQ(sidecar_object({}, {}), "");
}

}  // namespace
}  // namespace proa::mesh
