#include "mesh/model/analyze.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mesh/model/test_objects.h"

namespace proa::mesh {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// "CODE line path" of each finding.
std::vector<std::string> found(std::string_view text) {
  std::vector<std::string> out;
  for (const Finding& finding : analyze(*world_of(text))) {
    out.push_back(std::string(finding.code) + " " + std::to_string(finding.origin.line) + " " + finding.path);
  }
  return out;
}

constexpr std::string_view kService = R"(apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: web, namespace: shop}
spec:
  hosts: [web.shop.svc.cluster.local]
  ports: [{number: 80, name: http, protocol: HTTP}, {number: 81, name: grpc, protocol: GRPC}]
  resolution: STATIC
  endpoints: [{address: 10.0.0.1, labels: {version: v1}}]
---
)";

TEST(Analyze, the_captured_world_refers_to_nothing_that_is_not_there) {
  config::Problems problems;
  auto objects = read_objects(test_file("world.yaml"), problems);
  for (auto& object : read_objects(test_file("meshconfig.yaml"), problems, Kind::mesh_config)) {
    objects.push_back(std::move(object));
  }
  EXPECT_THAT(analyze(*World::empty()->with(std::move(objects))), IsEmpty());
}

TEST(Analyze, a_route_to_nowhere) {
  EXPECT_THAT(
      found(std::string(kService) + R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: shop}
spec:
  hosts: [a.com]
  gateways: [mesh, nowhere]
  http:
  - match: [{uri: {prefix: /a}}]
    route: [{destination: {host: web, port: {number: 80}}}]
  - match: [{uri: {prefix: /b}}]
    route: [{destination: {host: wep}}]
  - match: [{uri: {prefix: /c}}]
    route: [{destination: {host: web}}]
  - route: [{destination: {host: web, subset: v9, port: {number: 99}}}]
)"),
      ElementsAre("IST0101 11 spec.http[1].route[0].destination.host", "IST0112 11 spec.http[2].route[0].destination",
                  "IST0101 11 spec.http[3].route[0].destination.port",
                  "IST0101 11 spec.http[3].route[0].destination.subset", "IST0101 11 spec.gateways[1]"));
}

TEST(Analyze, a_rule_for_no_host_and_a_subset_of_nobody) {
  EXPECT_THAT(found(std::string(kService) + R"(apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a, namespace: shop}
spec: {host: wep}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: b, namespace: shop}
spec:
  host: web
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
)"),
              ElementsAre("IST0174 10 spec.host", "IST0173 15 spec.subsets[1]"));
}

TEST(Analyze, what_contradicts_each_other) {
  const std::string route =
      "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: NAME, namespace: "
      "shop}\nspec: {hosts: [web], http: [{route: [{destination: {host: web, port: {number: "
      "80}}}]}]}\n---\n";
  const std::string sidecar =
      "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: NAME, namespace: "
      "shop}\nspec: {egress: [{hosts: ['*/*']}]}\n---\n";
  const std::string gateway =
      "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: NAME, namespace: "
      "shop}\nspec: {selector: {a: b}, servers: [{port: {number: 80, name: x, protocol: HTTP}, "
      "hosts: ['*']}]}\n---\n";
  const auto twice = [](std::string text) {
    std::string other = text;
    text.replace(text.find("NAME"), 4, "a");
    other.replace(other.find("NAME"), 4, "b");
    return text + other;
  };
  EXPECT_THAT(found(std::string(kService) + twice(route) + twice(sidecar) + twice(gateway)),
              ElementsAre("IST0109 15 spec.hosts", "IST0111 25 ", "IST0145 35 spec.servers"));
}

TEST(Analyze, a_provider_that_nobody_defined_and_a_port_that_says_no_protocol) {
  EXPECT_THAT(found(R"(apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: a, namespace: shop}
spec: {action: CUSTOM, provider: {name: x}, rules: [{}]}
---
apiVersion: v1
kind: Service
metadata: {name: a, namespace: shop}
spec: {ports: [{name: web, port: 80}]}
)"),
              ElementsAre("IST0101 1 spec.provider.name", "IST0118 6 spec.ports[0]"));
}

}  // namespace
}  // namespace proa::mesh
