#include "mesh/model/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mesh/model/select.h"
#include "mesh/model/test_objects.h"

namespace proa::mesh {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::SizeIs;

/// The world of the captures: what istiod 1.29.6 read, and the MeshConfig beside it.
std::shared_ptr<const World> captured() {
  config::Problems problems;
  std::vector<AnyObject> objects = read_objects(test_file("world.yaml"), problems);
  for (AnyObject& object : read_objects(test_file("meshconfig.yaml"), problems, Kind::mesh_config)) {
    objects.push_back(std::move(object));
  }
  EXPECT_EQ(
      problems.str(),
      "a.yaml:984:5: warning: AuthorizationPolicy shop/deny: spec.rules[0]: matches HTTP only, so as a DENY rule it "
      "denies all plain TCP connections; name ports\n1 warning\n");  // as Istio warns
  return World::empty()->with(std::move(objects));
}

std::vector<std::string> places(const std::vector<ServiceEndpoint>& endpoints) {
  std::vector<std::string> out;
  for (const auto& each : endpoints) out.push_back(each.workload->address + ":" + std::to_string(each.port));
  return out;
}

TEST(World, holds_every_object_of_the_captures) {
  const auto world = captured();
  EXPECT_EQ(world->object_count(), 45u);
  EXPECT_EQ(world->table<ServiceEntry>().size(), 13u);
  EXPECT_EQ(world->table<WorkloadEntry>().size(), 6u);
  EXPECT_EQ(world->table<VirtualService>().size(), 6u);
  EXPECT_EQ(world->table<DestinationRule>().size(), 5u);
  EXPECT_EQ(world->table<Gateway>().size(), 1u);
  EXPECT_EQ(world->table<Sidecar>().size(), 2u);
  EXPECT_EQ(world->table<PeerAuthentication>().size(), 2u);
  EXPECT_EQ(world->table<RequestAuthentication>().size(), 1u);
  EXPECT_EQ(world->table<AuthorizationPolicy>().size(), 6u);
  EXPECT_EQ(world->table<Telemetry>().size(), 1u);
  EXPECT_EQ(world->table<EnvoyFilter>().size(), 1u);
}

TEST(World, an_object_knows_where_it_was_written) {
  const auto world = captured();
  const VirtualService& route = *world->table<VirtualService>().find("shop", "reviews");
  EXPECT_EQ(route.meta.origin.object, "VirtualService shop/reviews");
  EXPECT_EQ(route.meta.origin.file, "a.yaml");
  EXPECT_EQ(route.meta.origin.line, 358u);
  EXPECT_EQ(route.meta.created, 1767225600);
}

TEST(World, routes_are_read_field_by_field) {
  const auto world = captured();
  const auto& spec = world->table<VirtualService>().find("shop", "reviews")->spec;
  ASSERT_EQ(spec.http_size(), 6);
  const auto& jason = spec.http(0);
  EXPECT_EQ(jason.match(0).headers().at("end-user").exact(), "jason");
  EXPECT_EQ(jason.match(0).uri().prefix(), "/api");
  EXPECT_EQ(jason.timeout().seconds(), 3);
  EXPECT_EQ(jason.retries().per_try_timeout().nanos(), 500'000'000);
  EXPECT_TRUE(spec.http(1).match(0).without_headers().contains("x-no"));
  EXPECT_EQ(spec.http(1).fault().delay().fixed_delay().seconds(), 2);
  EXPECT_EQ(spec.http(2).redirect().redirect_code(), 302u);
  EXPECT_EQ(spec.http(3).direct_response().body().string(), "ok");
  EXPECT_EQ(spec.http(4).rewrite().uri_regex_rewrite().match(), "^/rw/(.*)$");
  EXPECT_EQ(spec.http(4).cors_policy().max_age().seconds(), 86400);
  EXPECT_EQ(spec.http(5).route(0).weight(), 80);
  EXPECT_EQ(spec.http(5).mirrors(0).percentage().value(), 25);
}

TEST(World, policies_of_destinations_are_read_field_by_field) {
  const auto world = captured();
  const auto& spec = world->table<DestinationRule>().find("shop", "reviews")->spec;
  const auto& policy = spec.traffic_policy();
  EXPECT_EQ(policy.load_balancer().warmup().duration().seconds(), 30);
  EXPECT_EQ(policy.load_balancer().locality_lb_setting().failover(0).to(), "r2");
  EXPECT_EQ(policy.connection_pool().tcp().max_connection_duration().seconds(), 3600);
  EXPECT_EQ(policy.connection_pool().http().max_concurrent_streams(), 100);
  EXPECT_EQ(policy.outlier_detection().consecutive_5xx_errors().value(), 7u);
  EXPECT_EQ(spec.subsets(1).traffic_policy().load_balancer().consistent_hash().ring_hash().minimum_ring_size(), 2048u);
  EXPECT_EQ(spec.subsets(2).traffic_policy().load_balancer().consistent_hash().http_cookie().ttl().seconds(), 3600);
  EXPECT_EQ(world->table<DestinationRule>().find("shop", "ratings")->spec.traffic_policy().port_level_settings_size(),
            1);
}

TEST(World, gateways_and_sidecars_are_read_field_by_field) {
  const auto world = captured();
  const auto& gateway = world->table<Gateway>().find("shop", "edge")->spec;
  ASSERT_EQ(gateway.servers_size(), 8);
  EXPECT_TRUE(gateway.servers(1).tls().https_redirect());
  EXPECT_EQ(gateway.servers(2).tls().cipher_suites(0), "ECDHE-ECDSA-AES128-GCM-SHA256");
  EXPECT_EQ(gateway.servers(6).port().number(), 15443u);
  const auto& sidecar = world->table<Sidecar>().find("shop", "ratings")->spec;
  EXPECT_EQ(sidecar.ingress(0).default_endpoint(), "127.0.0.1:19080");
  EXPECT_EQ(sidecar.ingress(0).connection_pool().http().http1_max_pending_requests(), 5);
  EXPECT_EQ(sidecar.egress(0).hosts_size(), 2);
}

TEST(World, security_and_telemetry_are_read_field_by_field) {
  const auto world = captured();
  const auto& peer = world->table<PeerAuthentication>().find("shop", "ratings")->spec;
  EXPECT_EQ(peer.port_level_mtls().at(9090).mode(),
            istio::security::v1beta1::PeerAuthentication::MutualTLS::PERMISSIVE);
  const auto& jwt = world->table<RequestAuthentication>().find("shop", "jwt")->spec.jwt_rules(0);
  EXPECT_EQ(jwt.from_headers(0).prefix(), "Bearer ");
  EXPECT_TRUE(jwt.forward_original_token());
  const auto& allow = world->table<AuthorizationPolicy>().find("shop", "allow")->spec;
  EXPECT_EQ(allow.rules(0).when(0).key(), "request.headers[x-a]");
  EXPECT_EQ(allow.rules(1).from(0).source().remote_ip_blocks(0), "10.0.0.0/8");
  const auto& telemetry = world->table<Telemetry>().find("shop", "default")->spec;
  EXPECT_EQ(telemetry.tracing(0).random_sampling_percentage().value(), 10);
  EXPECT_EQ(telemetry.metrics(0).overrides(0).tag_overrides().at("x_extra").value(), "request.host");
  const auto& filter = world->table<EnvoyFilter>().find("shop", "ratelimit")->spec;
  EXPECT_EQ(filter.config_patches(0).patch().value().fields().at("name").string_value(),
            "envoy.filters.http.local_ratelimit");
}

TEST(World, a_mesh_config_stands_over_the_defaults) {
  const auto world = captured();
  const auto& mesh = world->mesh();
  EXPECT_EQ(mesh.root_namespace(), "istio-system");
  EXPECT_EQ(mesh.default_config().discovery_address(), "127.0.0.1:15010");
  EXPECT_EQ(mesh.default_config().drain_duration().seconds(), 45);
  EXPECT_FALSE(mesh.enable_prometheus_merge().value());
  EXPECT_EQ(mesh.connect_timeout().seconds(), 10);
  EXPECT_THAT(mesh.extension_providers(), SizeIs(8));  // three built in, five written
  EXPECT_EQ(World::empty()->mesh().default_config().discovery_address(), "istiod.istio-system.svc:15012");
}

TEST(World, an_explicit_zero_overrides_a_default) {
  config::Problems problems;
  auto objects = read_objects("enableTracing: false\ndefaultConfig: {statusPort: 0}\n", problems, Kind::mesh_config);
  ASSERT_EQ(problems.str(), "");
  const auto world = World::empty()->with(std::move(objects));
  EXPECT_FALSE(world->mesh().enable_tracing());
  EXPECT_EQ(world->mesh().default_config().status_port(), 0);
  EXPECT_EQ(world->mesh().default_config().proxy_admin_port(), 15000);
}

TEST(World, services_have_the_endpoints_their_selector_or_entry_names) {
  const auto world = captured();
  const auto& services = world->services();
  const Service& reviews = *services.named("reviews.shop.svc.cluster.local").at(0);
  EXPECT_EQ(reviews.ports[0].protocol, Protocol::http);
  EXPECT_THAT(reviews.addresses, ElementsAre("240.1.0.2"));
  EXPECT_THAT(places(services.endpoints(reviews, reviews.ports[0])),
              ElementsAre("127.0.2.1:9080", "127.0.2.2:9080", "127.0.2.3:9080"));
  const Service& page = *services.named("productpage.shop.svc.cluster.local").at(0);
  EXPECT_THAT(places(services.endpoints(page, page.ports[0])), ElementsAre("127.0.1.1:9080"));  // targetPort
  const Service& db = *services.named("db.shop.svc.cluster.local").at(0);
  EXPECT_THAT(places(services.endpoints(db, db.ports[0])), ElementsAre("127.0.4.1:5432", "127.0.4.2:5432"));
  const Service& external = *services.named("api.example.com").at(0);
  EXPECT_TRUE(external.external);
  EXPECT_EQ(external.resolution, Resolution::dns);
  EXPECT_THAT(places(services.endpoints(external, external.ports[1])), ElementsAre("api.example.com:443"));
  const Service& wild = *services.named("*.wild.example.com").at(0);
  EXPECT_THAT(services.endpoints(wild, wild.ports[0]), SizeIs(0));
}

TEST(World, workloads_are_found_by_address_and_account) {
  const auto world = captured();
  ASSERT_THAT(world->services().at("127.0.2.2"), SizeIs(1));
  const Workload& workload = *world->services().at("127.0.2.2")[0];
  EXPECT_EQ(workload.name, "reviews-2");
  EXPECT_EQ(workload.weight, 3u);
  EXPECT_TRUE(workload.mutual_tls);
  EXPECT_THAT(workload.labels, ElementsAre(Pair("app", "reviews"), Pair("version", "v2")));
  EXPECT_THAT(world->services().of_account("shop", "reviews"), SizeIs(3));
}

TEST(World, routes_are_found_by_gateway_and_rules_by_host) {
  const auto world = captured();
  std::vector<std::string> names;
  for (const auto& route : world->routes().for_gateway("mesh")) names.push_back(route->meta.name);
  EXPECT_THAT(names, ElementsAre("db", "ext-tls", "reviews"));
  EXPECT_THAT(world->routes().for_gateway("shop/edge"), SizeIs(3));
  EXPECT_THAT(world->routes().covering("shop", "db.shop.svc.cluster.local"), SizeIs(1));
  EXPECT_THAT(world->routes().covering("other", "db.shop.svc.cluster.local"), SizeIs(0));
}

TEST(World, objects_select_workloads) {
  const auto world = captured();
  const Labels page = {{"app", "productpage"}};
  const Labels ratings = {{"app", "ratings"}, {"version", "v1"}};
  EXPECT_THAT(policies_for<AuthorizationPolicy>(*world, "shop", page), SizeIs(4));
  EXPECT_THAT(policies_for<PeerAuthentication>(*world, "shop", ratings), SizeIs(2));
  EXPECT_THAT(policies_for<PeerAuthentication>(*world, "shop", page), SizeIs(1));
  EXPECT_EQ(sidecar_for(*world, "shop", ratings)->meta.name, "ratings");
  EXPECT_EQ(sidecar_for(*world, "shop", page)->meta.name, "default");
  EXPECT_EQ(sidecar_for(*world, "elsewhere", page), nullptr);
  EXPECT_THAT(gateways_for(*world, "shop", {{"istio", "ingressgateway"}}), SizeIs(1));
  EXPECT_THAT(gateways_for(*world, "shop", page), SizeIs(0));
}

TEST(World, the_next_one_shares_what_has_not_changed) {
  const auto before = captured();
  config::Problems problems;
  auto objects = read_objects(
      "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: x, namespace: "
      "other}\nspec: {address: 10.0.0.1}\n",
      problems);
  const auto after = before->with(std::move(objects));
  EXPECT_EQ(after->version(), before->version() + 1);
  EXPECT_EQ(before->services().workloads("other").size(), 0u);
  EXPECT_EQ(after->services().workloads("other").size(), 1u);
  EXPECT_EQ(&after->routes(), &before->routes());
  EXPECT_EQ(&after->services().workloads("shop"), &before->services().workloads("shop"));
  EXPECT_EQ(&after->table<VirtualService>().in("shop"), &before->table<VirtualService>().in("shop"));
  const auto gone = after->with({}, {{Kind::workload_entry, "other", "x"}});
  EXPECT_EQ(gone->services().workloads("other").size(), 0u);
  EXPECT_EQ(gone->table<WorkloadEntry>().size(), 6u);
}

TEST(World, a_kubernetes_service_is_served_by_its_slices) {
  const auto world = world_of(R"(
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  clusterIP: 10.96.0.1
  selector: {app: web}
  ports:
  - {name: http, port: 80, targetPort: 8080}
  - {name: db, port: 3306, targetPort: sql}
  - {name: other, port: 9000, appProtocol: kubernetes.io/h2c}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints:
- addresses: [10.0.0.1]
  zone: z1
- addresses: [10.0.0.2]
  conditions: {ready: false}
ports:
- {name: http, port: 8080}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: vm, namespace: shop}
spec: {address: 10.1.0.1, labels: {app: web}, ports: {sql: 3307}}
)");
  const auto& services = world->services();
  const Service& web = *services.named("web.shop.svc.cluster.local").at(0);
  EXPECT_EQ(web.ports[0].protocol, Protocol::http);
  EXPECT_EQ(web.ports[1].protocol, Protocol::tcp);  // the server speaks first
  EXPECT_EQ(web.ports[2].protocol, Protocol::http2);
  EXPECT_THAT(places(services.endpoints(web, web.ports[0])),
              ElementsAre("10.0.0.1:8080", "10.0.0.2:8080", "10.1.0.1:8080"));
  EXPECT_THAT(places(services.endpoints(web, web.ports[1])), ElementsAre("10.1.0.1:3307"));
  EXPECT_FALSE(services.endpoints(web, web.ports[0])[1].workload->ready);
}

TEST(World, hosts_are_covered_by_the_longest_wildcard) {
  const auto world = world_of(R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: all, namespace: shop}
spec: {host: "*.local", trafficPolicy: {loadBalancer: {simple: RANDOM}}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop, namespace: shop}
spec: {host: "*.shop.svc.cluster.local", trafficPolicy: {loadBalancer: {simple: RANDOM}}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: short, namespace: shop}
spec: {host: web, trafficPolicy: {loadBalancer: {simple: RANDOM}}}
)");
  const auto name = [&](std::string_view host) { return world->routes().covering("shop", host).at(0)->meta.name; };
  EXPECT_EQ(name("web.shop.svc.cluster.local"), "short");
  EXPECT_EQ(name("db.shop.svc.cluster.local"), "shop");
  EXPECT_EQ(name("db.other.svc.cluster.local"), "all");
  EXPECT_THAT(world->routes().covering("shop", "example.com"), SizeIs(0));
}

}  // namespace
}  // namespace proa::mesh
