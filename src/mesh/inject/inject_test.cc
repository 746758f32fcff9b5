#include "mesh/inject/inject.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "config/yaml_tree.h"

namespace proa::mesh {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kDeployment = R"(# The shop's cart.
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}  # as ever
spec:
  replicas: 2
  template:
    metadata:
      labels:
        app: cart   # selects
        version: v2
    spec:
      # Only one.
      containers:
      - name: web
        image: cart:1
        ports: [{name: http, containerPort: 8080}]
        readinessProbe:
          httpGet:
            path: "/ready?deep=1"
            port: http   # by name
          timeoutSeconds: 3
        livenessProbe: {tcpSocket: {port: 8080}, periodSeconds: 5}
        startupProbe:
          exec: {command: [true]}
---
# Left alone.
apiVersion: v1
kind: Service
metadata:  {name: cart}
spec: {ports: [{port: 80}]}
)";

Injected of(std::string_view text) {
  auto out = inject(text, "cart.yaml", {.image = "proa:0.1"});
  EXPECT_TRUE(out) << out.error().message;
  return out.value_or(Injected{});
}

std::string refusal(std::string_view text) {
  const auto out = inject(text, "cart.yaml", {.image = "proa:0.1"});
  return out ? "(taken)" : out.error().message;
}

std::vector<config::YamlTree> read(std::string_view text) {
  config::Problems problems;
  auto out = config::read_yaml_documents(text, "out.yaml", problems);
  EXPECT_TRUE(out) << problems.str() << text;
  return out ? std::move(*out) : std::vector<config::YamlTree>();
}

config::Node at(config::Node node, std::initializer_list<const char*> way) {
  for (const char* step : way) node = *node.find(step);
  return node;
}

TEST(Inject, a_deployment_gets_a_sidecar) {
  const Injected out = of(kDeployment);
  EXPECT_EQ(out.pods, 1U);
  const auto documents = read(out.text);
  ASSERT_EQ(documents.size(), 2U);
  const config::Node pods = at(documents[0].root(), {"spec", "template"});
  const config::Node init = at(pods, {"spec", "initContainers"});
  ASSERT_EQ(init.size(), 2U);
  EXPECT_EQ(at(init.item(0), {"name"}).text(), "istio-init");
  EXPECT_EQ(at(init.item(1), {"name"}).text(), "istio-proxy");
  EXPECT_EQ(at(init.item(1), {"restartPolicy"}).text(), "Always");
  EXPECT_EQ(at(init.item(1), {"image"}).text(), "proa:0.1");
  EXPECT_EQ(at(pods, {"spec", "volumes"}).size(), 3U);
  EXPECT_EQ(at(pods, {"metadata", "labels", "service.istio.io/canonical-name"}).text(), "cart");
  EXPECT_EQ(at(pods, {"metadata", "labels", "service.istio.io/canonical-revision"}).text(), "v2");
  EXPECT_EQ(at(pods, {"metadata", "labels", "security.istio.io/tlsMode"}).text(), "istio");
  EXPECT_EQ(at(pods, {"metadata", "annotations", "sidecar.istio.io/status"}).text(),
            R"({"initContainers":["istio-init","istio-proxy"],"volumes":["istio-token","istiod-ca-cert","proa-run"]})");
}

TEST(Inject, what_was_written_stays) {
  const Injected out = of(kDeployment);
  for (const char* line : {"# The shop's cart.\n", "  # as ever\n", "        app: cart   # selects\n",
                           "      # Only one.\n", "          exec: {command: [true]}\n", "timeoutSeconds: 3\n",
                           "# Left alone.\napiVersion: v1\nkind: Service\nmetadata:  {name: cart}\n"}) {
    EXPECT_THAT(out.text, HasSubstr(line));
  }
}

TEST(Inject, probes_go_to_the_agent) {
  const Injected out = of(kDeployment);
  const auto documents = read(out.text);
  const config::Node pods = at(documents[0].root(), {"spec", "template", "spec"});
  const config::Node web = at(pods, {"containers"}).item(0);
  EXPECT_EQ(at(web, {"readinessProbe", "httpGet", "path"}).text(), "/app-health/web/readyz");
  EXPECT_EQ(at(web, {"readinessProbe", "httpGet", "port"}).text(), "15020");
  EXPECT_EQ(at(web, {"livenessProbe", "httpGet", "path"}).text(), "/app-health/web/livez");
  EXPECT_FALSE(at(web, {"livenessProbe"}).find("tcpSocket"));
  const config::Node env = at(at(pods, {"initContainers"}).item(1), {"env"});
  const auto told = nlohmann::json::parse(at(env.item(env.size() - 1), {"value"}).text());
  EXPECT_EQ(told, nlohmann::json::parse(R"({
    "/app-health/web/livez": {"tcpSocket": {"port": 8080}},
    "/app-health/web/readyz": {"httpGet": {"path": "/ready?deep=1", "port": 8080}, "timeoutSeconds": 3}})"));
}

TEST(Inject, twice_is_once) {
  const Injected once = of(kDeployment), twice = of(once.text);
  EXPECT_EQ(twice.pods, 0U);
  EXPECT_EQ(twice.text, once.text);
}

TEST(Inject, own_init_containers_come_after) {
  const Injected out = of(R"(apiVersion: v1
kind: Pod
metadata:
  name: a
spec:
  initContainers:
    - name: migrate   # runs in the mesh
      image: m
  volumes:
  - {name: data, emptyDir: {}}
  containers: [{name: a, image: a}]
)");
  const auto documents = read(out.text);
  const config::Node init = at(documents[0].root(), {"spec", "initContainers"});
  ASSERT_EQ(init.size(), 3U);
  EXPECT_EQ(at(init.item(2), {"name"}).text(), "migrate");
  EXPECT_EQ(at(documents[0].root(), {"spec", "volumes"}).size(), 4U);
}

std::string annotated(const std::string& annotations) {
  return R"(apiVersion: batch/v1
kind: CronJob
metadata: {name: night}
spec:
  jobTemplate:
    spec:
      template:
        metadata:
          annotations: {)" +
         annotations + R"(}
        spec:
          containers:
          - name: a
            livenessProbe: {httpGet: {port: 80, scheme: HTTPS}}
            lifecycle: {preStop: {httpGet: {port: 80}}}
)";
}

TEST(Inject, annotations_are_respected) {
  const Injected out = of(annotated(
      R"(traffic.sidecar.istio.io/excludeOutboundPorts: "5432", traffic.sidecar.istio.io/excludeInboundPorts: "9", )"
      R"(sidecar.istio.io/proxyCPU: 100m, sidecar.istio.io/proxyImage: "mine:1", proxy.istio.io/config: "x: 1")"));
  EXPECT_THAT(out.text, HasSubstr(R"("-o", "5432", "-d", "15090,15021,15020,9"])"));
  EXPECT_THAT(out.text, HasSubstr(R"(requests: {cpu: "100m"})"));
  EXPECT_THAT(out.text, HasSubstr(R"(image: "mine:1")"));
  EXPECT_THAT(out.notes, testing::ElementsAre(HasSubstr("the annotation proxy.istio.io/config has no effect"),
                                              HasSubstr("the livenessProbe over \"HTTPS\" stays"),
                                              HasSubstr("the preStop hook of a")));
  EXPECT_THAT(of(annotated("sidecar.istio.io/interceptionMode: NONE")).text, Not(HasSubstr("istio-init")));
  EXPECT_EQ(refusal(annotated("sidecar.istio.io/interceptionMode: TPROXY")),
            "CronJob night: sidecar.istio.io/interceptionMode is TPROXY: pods can have REDIRECT or NONE");
}

TEST(Inject, what_stays_without) {
  const std::string host = "kind: Pod\nmetadata: {name: a}\nspec:\n  hostNetwork: true\n  containers: [{name: a}]\n";
  for (const std::string& text : {annotated(R"(sidecar.istio.io/inject: "false")"), host,
                                  std::string("kind: ConfigMap\ndata: {a: b}\n"), std::string()}) {
    const Injected out = of(text);
    EXPECT_EQ(out.pods, 0U);
    EXPECT_EQ(out.text, text);
  }
}

TEST(Inject, what_cannot_be_changed_is_named) {
  EXPECT_EQ(refusal("kind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a}]}\n"),
            "cart.yaml:3:7: is not written in lines of its own; write it so (kubectl get -o yaml does)");
  EXPECT_THAT(refusal("kind: Pod\nmetadata: {name: a}\nspec:\n  volumes: []\n  containers: [{name: a}]\n"),
              HasSubstr("cart.yaml:4:12: volumes is empty: leave it out"));
  EXPECT_THAT(refusal("kind: Pod\nmetadata: {name: a}\nspec:\n"
                      "  containers: [{name: a, livenessProbe: {grpc: {port: x}}}]\n"),
              HasSubstr("Pod a: the livenessProbe names port \"x\", which its container does not have"));
  EXPECT_THAT(refusal("kind: Pod\nspec:\n  containers:\n  - {name: a, livenessProbe: &p {tcpSocket: {port: 1}}}\n"
                      "  - {name: b, livenessProbe: *p}\n"),
              HasSubstr("is used in several places by an alias"));
  EXPECT_THAT(refusal("a: [\n"), HasSubstr("cart.yaml:"));
}

}  // namespace
}  // namespace proa::mesh
