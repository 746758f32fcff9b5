#include "mesh/agent/sidecar_bootstrap.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace proa::mesh {
namespace {

using Json = nlohmann::json;

SidecarBootstrap cart() {
  SidecarBootstrap out;
  out.node.id = {"mesh.example", "shop", "cart"};
  out.node.workload = "cart-v1";
  out.node.name = "cart-v1-host";
  out.node.addresses = {"10.0.0.5", "fd00::5"};
  out.node.labels = {{"app", "cart"}};
  out.node.dns_domain = "cluster.local";
  out.control_host = "10.0.0.1";
  out.control_name = "control.example";
  out.secret_socket = "/run/sds";
  out.admin = *net::Address::parse("127.0.0.1:15000");
  out.agent = *net::Address::parse("127.0.0.1:15020");
  return out;
}

const Json& cluster(const Json& bootstrap, const std::string& name) {
  for (const Json& each : bootstrap["static_resources"]["clusters"]) {
    if (each["name"] == name) return each;
  }
  throw std::runtime_error("no cluster " + name);
}

TEST(SidecarBootstrap, says_what_the_certificate_proves) {
  const Json node = Json::parse(cart().text())["node"];
  EXPECT_EQ(node["id"], "sidecar~10.0.0.5~cart-v1-host.shop~shop.svc.cluster.local");
  EXPECT_EQ(node["metadata"]["NAMESPACE"], "shop");
  EXPECT_EQ(node["metadata"]["SERVICE_ACCOUNT"], "cart");
  EXPECT_EQ(node["metadata"]["INSTANCE_IPS"], "10.0.0.5,fd00::5");
  EXPECT_EQ(node["metadata"]["LABELS"], (Json{{"app", "cart"}}));
}

TEST(SidecarBootstrap, the_control_plane_must_prove_its_name_under_the_meshs_roots) {
  const Json bootstrap = Json::parse(cart().text());
  const Json& control = cluster(bootstrap, "xds-grpc");
  EXPECT_EQ(control["type"], "STATIC");
  const Json& tls = control["transport_socket"]["typed_config"];
  EXPECT_EQ(tls["sni"], "control.example");
  const Json& validation = tls["common_tls_context"]["combined_validation_context"];
  EXPECT_EQ(validation["validation_context_sds_secret_config"]["name"], "ROOTCA");
  EXPECT_EQ(validation["default_validation_context"]["match_typed_subject_alt_names"][0]["matcher"]["exact"],
            "control.example");
  EXPECT_EQ(tls["common_tls_context"]["tls_certificate_sds_secret_configs"][0]["name"], "default");
}

TEST(SidecarBootstrap, a_control_plane_by_name_is_looked_up) {
  SidecarBootstrap named = cart();
  named.control_host = "mesh.example";
  EXPECT_EQ(cluster(Json::parse(named.text()), "xds-grpc")["type"], "STRICT_DNS");
}

TEST(SidecarBootstrap, has_listeners_only_where_it_is_told) {
  SidecarBootstrap from = cart();
  EXPECT_TRUE(Json::parse(from.text())["static_resources"]["listeners"].empty());
  from.readiness = *net::Address::parse("0.0.0.0:15021");
  from.admin = *net::Address::unix_path("/run/admin");
  from.metrics = *net::Address::parse("0.0.0.0:15090");
  const Json bootstrap = Json::parse(from.text());
  EXPECT_EQ(bootstrap["static_resources"]["listeners"].size(), 2u);
  EXPECT_EQ(cluster(bootstrap, "prometheus_stats")["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
                                                  ["address"]["pipe"]["path"],
            "/run/admin");
}

}  // namespace
}  // namespace proa::mesh
