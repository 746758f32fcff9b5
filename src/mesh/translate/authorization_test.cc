#include "mesh/translate/authorization.h"

#include <gmock/gmock.h>

#include "config/rbac_compile.h"
#include "envoy/extensions/filters/http/rbac/v3/rbac.pb.h"
#include "envoy/extensions/filters/network/rbac/v3/rbac.pb.h"
#include "mesh/model/test_objects.h"
#include "mesh/translate/authorization_rule.h"
#include "net/transport.h"
#include "observe/metadata.h"

namespace proa::mesh {
namespace {

using testing::ElementsAre;
using HttpRbac = envoy::extensions::filters::http::rbac::v3::RBAC;
using NetworkRbac = envoy::extensions::filters::network::rbac::v3::RBAC;

/// Who calls, and for what.
struct Call {
  std::string principal = "spiffe://cluster.local/ns/shop/sa/reviews";  ///< empty: plain
  std::string method = "GET";
  std::string path = "/";
  std::string host = "shop.test";
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string claims{};  ///< JSON of a valid token
  std::string address = "10.0.0.9";
  std::string remote = "10.0.0.9";
  std::string port = "9080";
  std::string sni{};
};

std::shared_ptr<const World> world_with(const std::string& spec, const std::string& mesh = {}) {
  config::Problems problems;
  auto objects = read_objects(
      "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p, namespace: shop}\nspec: " +
          spec,
      problems);
  for (auto& object : read_objects(mesh, problems, Kind::mesh_config)) objects.push_back(std::move(object));
  EXPECT_TRUE(problems.ok()) << problems.str();
  return World::empty()->with(std::move(objects));
}

ProxyNode shop_node() {
  ProxyNode node;
  node.ns = "shop";
  return node;
}

class Decisions {
 public:
  explicit Decisions(const World& world) : made_(authorization_for(world, shop_node())) {}

  /// What our own proxy decides about a request.
  bool request(const Call& call) const {
    for (const auto& filter : made_.http) {
      HttpRbac rbac;
      EXPECT_TRUE(filter.typed_config().UnpackTo(&rbac));
      if (!allows(rbac.rules(), call, /*tcp=*/false)) return false;
    }
    return true;
  }
  bool connection(const Call& call) const {
    for (const auto& filter : made_.tcp) {
      NetworkRbac rbac;
      EXPECT_TRUE(filter.typed_config().UnpackTo(&rbac));
      if (!allows(rbac.rules(), call, /*tcp=*/true)) return false;
    }
    return true;
  }

 private:
  static bool allows(const envoy::config::rbac::v3::RBAC& rules, const Call& call, bool tcp) {
    config::Marks marks;
    config::Problems problems;
    config::FieldPath root;
    const auto policies = config::compile_rbac(rules, {marks, problems, root});
    EXPECT_EQ(problems.str(), "");
    Arena arena;
    http::RequestHead head{arena};
    head.method = call.method;
    head.method_id = http::method_of(call.method);
    head.scheme = "http";
    head.authority = call.host;
    head.path = call.path;
    for (const auto& [name, value] : call.headers) head.headers.add(name, value);
    net::ConnectionInfo connection;
    connection.local = net::Address::parse("10.0.0.1:" + call.port).value();
    connection.remote = connection.direct_remote = net::Address::parse(call.address + ":1").value();
    connection.sni = call.sni;
    if (!call.principal.empty()) {
      auto certificate = std::make_shared<net::CertificateInfo>();
      certificate->uri_sans = {call.principal};
      auto tls = std::make_shared<net::TlsInfo>();
      tls->presented = tls->validated = true;
      tls->peer = certificate;
      connection.tls = tls;
    }
    const net::Address remote = net::Address::parse(call.remote + ":1").value();
    observe::StreamInfo info;
    info.downstream = &connection;
    info.remote_address = &remote;
    if (!tcp) info.request = &head;
    if (!call.claims.empty()) {
      observe::mutable_metadata(info, arena).root["envoy.filters.http.jwt_authn"]["payload"] =
          nlohmann::json::parse(call.claims);
    }
    return route::rbac::decide(*policies, {info}).allowed;
  }

  Authorization made_;
};

bool allowed(const std::string& spec, const Call& call) { return Decisions(*world_with(spec)).request(call); }
bool connects(const std::string& spec, const Call& call) { return Decisions(*world_with(spec)).connection(call); }

struct Row {
  const char* spec;
  Call call;
  bool allowed;
};

TEST(Authorization, decides_as_istio_documents) {
  const std::vector<Row> rows = {
      // What no policy says, what an empty one says.
      {"{}", {}, false},
      {"{rules: [{}]}", {}, true},
      {"{action: DENY, rules: [{}]}", {}, false},
      {"{action: AUDIT, rules: [{}]}", {}, true},
      // Sources.
      {"{rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/reviews]}}]}]}", {}, true},
      {"{rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/review]}}]}]}", {}, false},
      {"{rules: [{from: [{source: {principals: ['*/sa/reviews']}}]}]}", {}, true},
      {"{rules: [{from: [{source: {principals: ['cluster.local/ns/*']}}]}]}", {}, true},
      {"{rules: [{from: [{source: {principals: ['*']}}]}]}", {.principal = ""}, false},
      {"{rules: [{from: [{source: {notPrincipals: ['*']}}]}]}", {.principal = ""}, true},
      {"{rules: [{from: [{source: {namespaces: [shop]}}]}]}", {}, true},
      {"{rules: [{from: [{source: {namespaces: ['sh*']}}]}]}", {}, true},
      {"{rules: [{from: [{source: {namespaces: [sho]}}]}]}", {}, false},
      {"{rules: [{from: [{source: {notNamespaces: [shop]}}]}]}", {}, false},
      {"{rules: [{from: [{source: {serviceAccounts: [reviews]}}]}]}", {}, true},
      {"{rules: [{from: [{source: {serviceAccounts: [other/reviews]}}]}]}", {}, false},
      {"{rules: [{from: [{source: {serviceAccounts: [shop/review]}}]}]}", {}, false},
      {"{rules: [{from: [{source: {trustDomains: [cluster.local]}}]}]}", {}, true},
      {"{rules: [{from: [{source: {trustDomains: ['*.local']}}]}]}", {}, true},
      {"{rules: [{from: [{source: {trustDomains: [local]}}]}]}", {}, false},
      {"{rules: [{from: [{source: {ipBlocks: [10.0.0.0/24]}}]}]}", {.remote = "1.2.3.4"}, true},
      {"{rules: [{from: [{source: {remoteIpBlocks: [10.0.0.0/24]}}]}]}", {.remote = "1.2.3.4"}, false},
      {"{rules: [{from: [{source: {notRemoteIpBlocks: [1.2.3.4]}}]}]}", {.remote = "1.2.3.4"}, false},
      // Both fields of one source, either of two sources.
      {"{rules: [{from: [{source: {namespaces: [shop], ipBlocks: [1.0.0.0/8]}}]}]}", {}, false},
      {"{rules: [{from: [{source: {namespaces: [shop]}}, {source: {ipBlocks: [1.0.0.0/8]}}]}]}", {}, true},
      // Operations.
      {"{rules: [{to: [{operation: {methods: [GET, HEAD]}}]}]}", {}, true},
      {"{rules: [{to: [{operation: {notMethods: [GET]}}]}]}", {}, false},
      {"{rules: [{to: [{operation: {hosts: ['*.test']}}]}]}", {.host = "SHOP.TEST"}, true},
      {"{rules: [{to: [{operation: {hosts: [shop]}}]}]}", {}, false},
      {"{rules: [{to: [{operation: {ports: ['9080']}}]}]}", {}, true},
      {"{rules: [{to: [{operation: {notPorts: ['9080']}}]}]}", {}, false},
      {"{rules: [{to: [{operation: {paths: [/api/*]}}]}]}", {.path = "/api/x?y"}, true},
      {"{rules: [{to: [{operation: {paths: ['*.html']}}]}]}", {.path = "/a.html"}, true},
      {"{rules: [{to: [{operation: {paths: [/api/*], notPaths: [/api/admin]}}]}]}", {.path = "/api/admin"}, false},
      {"{rules: [{to: [{operation: {paths: ['/a/{*}/c']}}]}]}", {.path = "/a/b/c"}, true},
      {"{rules: [{to: [{operation: {paths: ['/a/{*}/c']}}]}]}", {.path = "/a/b/b/c"}, false},
      {"{rules: [{to: [{operation: {paths: ['/a/{**}']}}]}]}", {.path = "/a/b/b/c"}, true},
      // Tokens.
      {"{rules: [{from: [{source: {requestPrincipals: ['*']}}]}]}", {}, false},
      {"{rules: [{from: [{source: {requestPrincipals: ['*']}}]}]}", {.claims = R"({"iss":"a","sub":"b"})"}, true},
      {"{rules: [{from: [{source: {requestPrincipals: ['https://i.test/ann']}}]}]}",
       {.claims = R"({"iss":"https://i.test","sub":"ann"})"},
       true},
      {"{rules: [{from: [{source: {requestPrincipals: ['https://i.test/*']}}]}]}",
       {.claims = R"({"iss":"https://i.test","sub":"ann"})"},
       true},
      {"{rules: [{from: [{source: {requestPrincipals: ['*/ann']}}]}]}",
       {.claims = R"({"iss":"x","sub":"bob"})"},
       false},
      {"{rules: [{from: [{source: {notRequestPrincipals: ['*']}}]}]}", {}, true},
      {"{rules: [{when: [{key: 'request.auth.claims[groups]', values: [admin]}]}]}",
       {.claims = R"({"groups":["user","admin"]})"},
       true},
      {"{rules: [{when: [{key: 'request.auth.claims[realm][role]', values: [a, b]}]}]}",
       {.claims = R"({"realm":{"role":"b"}})"},
       true},
      {"{rules: [{when: [{key: 'request.auth.claims[groups]', notValues: [admin]}]}]}",
       {.claims = R"({"groups":["admin"]})"},
       false},
      {"{rules: [{when: [{key: request.auth.audiences, values: [shop]}]}]}", {.claims = R"({"aud":["shop"]})"}, true},
      {"{rules: [{when: [{key: request.auth.presenter, values: ['x*']}]}]}", {.claims = R"({"azp":"xyz"})"}, true},
      {"{rules: [{when: [{key: request.auth.principal, values: ['a/b']}]}]}",
       {.claims = R"({"iss":"a","sub":"b"})"},
       true},
      // Other conditions.
      {"{rules: [{when: [{key: 'request.headers[x-a]', values: ['b*']}]}]}", {.headers = {{"x-a", "bc"}}}, true},
      {"{rules: [{when: [{key: 'request.headers[x-a]', values: ['*']}]}]}", {}, false},
      {"{rules: [{when: [{key: 'request.headers[x-a]', notValues: [b]}]}]}", {.headers = {{"x-a", "b"}}}, false},
      {"{rules: [{when: [{key: source.ip, values: [10.0.0.0/8]}]}]}", {}, true},
      {"{rules: [{when: [{key: remote.ip, notValues: [10.0.0.0/8]}]}]}", {}, false},
      {"{rules: [{when: [{key: source.namespace, values: [shop]}]}]}", {}, true},
      {"{rules: [{when: [{key: source.principal, values: ['*/sa/other']}]}]}", {}, false},
      {"{rules: [{when: [{key: source.serviceAccount, values: [shop/reviews]}]}]}", {}, true},
      {"{rules: [{when: [{key: source.trustDomain, notValues: [cluster.local]}]}]}", {}, false},
      {"{rules: [{when: [{key: destination.ip, values: [10.0.0.1]}]}]}", {}, true},
      {"{rules: [{when: [{key: destination.port, values: ['80', '9080']}]}]}", {}, true},
      {"{rules: [{when: [{key: connection.sni, values: ['*.test']}]}]}", {.sni = "a.test"}, true},
      // All of a rule's conditions, any of the rules.
      {"{rules: [{when: [{key: source.ip, values: [10.0.0.0/8]}, {key: destination.port, values: ['1']}]}]}",
       {},
       false},
      {"{rules: [{when: [{key: source.ip, values: [1.0.0.0/8]}]}, {to: [{operation: {methods: [GET]}}]}]}", {}, true},
      {"{action: DENY, rules: [{to: [{operation: {methods: [DELETE]}}]}]}", {.method = "DELETE"}, false},
      {"{action: DENY, rules: [{to: [{operation: {methods: [DELETE]}}]}]}", {}, true},
  };
  for (const Row& row : rows) EXPECT_EQ(allowed(row.spec, row.call), row.allowed) << row.spec;
}

TEST(Authorization, a_denial_wins_over_what_is_allowed) {
  const auto world = world_of(R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: all, namespace: shop}
spec: {rules: [{}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: not-this, namespace: istio-system}
spec: {action: DENY, rules: [{to: [{operation: {paths: [/x], ports: ["9080"]}}]}]}
)");
  EXPECT_TRUE(Decisions(*world).request({.path = "/"}));
  EXPECT_FALSE(Decisions(*world).request({.path = "/x"}));
}

TEST(Authorization, over_bytes_allows_less_and_denies_more) {
  // The method is not known: such a rule allows nobody, and denies everybody on its port.
  const std::string get = "rules: [{to: [{operation: {methods: [GET], ports: ['9080']}}]}]}";
  EXPECT_FALSE(connects("{" + get, {}));
  EXPECT_FALSE(connects("{action: DENY, " + get, {}));
  EXPECT_TRUE(connects("{action: DENY, " + get, {.port = "9081"}));
  EXPECT_TRUE(connects("{rules: [{from: [{source: {namespaces: [shop]}}]}]}", {}));
  EXPECT_FALSE(connects("{rules: [{from: [{source: {namespaces: [shop]}}]}]}", {.principal = ""}));
}

TEST(Authorization, what_is_in_dry_run_decides_nothing) {
  const auto world = world_of(R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: all, namespace: shop, annotations: {istio.io/dry-run: "true"}}
spec: {action: DENY, rules: [{}]}
)");
  const Authorization made = authorization_for(*world, shop_node());
  ASSERT_EQ(made.http.size(), 1);
  HttpRbac rbac;
  ASSERT_TRUE(made.http[0].typed_config().UnpackTo(&rbac));
  EXPECT_FALSE(rbac.has_rules());
  EXPECT_EQ(rbac.shadow_rules().action(), envoy::config::rbac::v3::RBAC::DENY);
  EXPECT_TRUE(rbac.shadow_rules().policies().contains("ns[shop]-policy[all]-rule[0]"));
  EXPECT_EQ(rbac.shadow_rules_stat_prefix(), "istio_dry_run_deny_");
}

TEST(Authorization, denies_what_it_cannot_ask_about) {
  const std::string spec = "{action: CUSTOM, provider: {name: nobody}, rules: [{to: [{operation: {paths: [/x]}}]}]}";
  const Authorization made = authorization_for(*world_with(spec), shop_node());
  ASSERT_EQ(made.http_custom.size(), 1);
  HttpRbac rbac;
  ASSERT_TRUE(made.http_custom[0].typed_config().UnpackTo(&rbac));
  EXPECT_EQ(rbac.rules().action(), envoy::config::rbac::v3::RBAC::DENY);
  EXPECT_TRUE(
      rbac.rules().policies().contains("istio-ext-authz-ns[shop]-policy[p]-rule[0]-deny-due-to-bad-CUSTOM-action"));
  ASSERT_EQ(made.tcp.size(), 1);
}

TEST(Authorization, principals_stand_for_every_name_of_the_trust_domain) {
  const std::vector<std::string> domains = {"new", "old"};
  EXPECT_THAT(under_trust_domains("old/ns/a/sa/b", domains), ElementsAre("new/ns/a/sa/b", "old/ns/a/sa/b"));
  EXPECT_THAT(under_trust_domains("cluster.local/ns/a/sa/b", domains), ElementsAre("new/ns/a/sa/b", "old/ns/a/sa/b"));
  EXPECT_THAT(under_trust_domains("other/ns/a/sa/b", domains), ElementsAre("other/ns/a/sa/b"));
  EXPECT_THAT(under_trust_domains("*/ns/a/sa/b", domains), ElementsAre("*/ns/a/sa/b"));
  EXPECT_THAT(under_trust_domains("*ld/ns/a/sa/b", domains), ElementsAre("new/ns/a/sa/b", "*ld/ns/a/sa/b"));
}

TEST(Authorization, takes_aliases_of_the_mesh) {
  const auto world = world_with("{rules: [{from: [{source: {principals: [new/ns/shop/sa/reviews]}}]}]}",
                                "trustDomain: new\ntrustDomainAliases: [cluster.local]\n");
  EXPECT_TRUE(Decisions(*world).request({}));
  EXPECT_FALSE(Decisions(*world).request({.principal = "spiffe://else/ns/shop/sa/reviews"}));
}

}  // namespace
}  // namespace proa::mesh
