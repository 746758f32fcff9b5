#include "route/route_table.h"

#include <gtest/gtest.h>

#include <random>

#include "route/candidates.h"
#include "route/test_request.h"

namespace proa::route {
namespace {

using http::HeaderMatcher;
using http::StringMatcher;

http::Regex regex(std::string_view pattern) { return http::Regex::compile(pattern).value(); }

RouteSpec to(std::string cluster, PathMatch path) {
  RouteSpec spec;
  spec.name = cluster;
  spec.match.path = std::move(path);
  Forward forward;
  forward.target = ToCluster{cluster};
  spec.action = std::move(forward);
  return spec;
}

RouteSpec with_header(RouteSpec spec, std::string name, std::string value) {
  spec.match.conditions.headers.push_back(
      HeaderMatcher::make({std::move(name), StringMatcher::exact(std::move(value))}).value());
  return spec;
}

RouteTableSpec one_host(std::vector<RouteSpec> routes) {
  RouteTableSpec spec;
  spec.virtual_hosts.resize(1);
  spec.virtual_hosts[0].name = "all";
  spec.virtual_hosts[0].domains = {"*"};
  spec.virtual_hosts[0].routes = std::move(routes);
  return spec;
}

std::shared_ptr<const RouteTable> table(RouteTableSpec spec) {
  auto made = RouteTable::make(std::move(spec));
  EXPECT_TRUE(made) << made.error().message;
  return made.value_or(nullptr);
}

std::string cluster(const RouteTable& table, const TestRequest& request) {
  const Route* route = table.match(request.input());
  return route ? route->cluster : "none";
}

std::string cluster(const RouteTable& table, std::string_view path, std::string_view host = "example.com") {
  return cluster(table, TestRequest(path, host));
}

RouteTableSpec hosts(std::vector<std::pair<std::string, std::vector<std::string>>> list) {
  RouteTableSpec spec;
  for (auto& [name, domains] : list) {
    VirtualHostSpec host;
    host.name = name;
    host.domains = domains;
    host.routes.push_back(to(name, PathPrefix{"/"}));
    spec.virtual_hosts.push_back(std::move(host));
  }
  return spec;
}

TEST(RouteTable, longest_prefix_wins_only_by_list_index) {
  auto short_first = table(one_host({to("short", PathPrefix{"/a"}), to("long", PathPrefix{"/a/b"})}));
  EXPECT_EQ(cluster(*short_first, "/a/b/c"), "short");
  auto long_first = table(one_host({to("long", PathPrefix{"/a/b"}), to("short", PathPrefix{"/a"})}));
  EXPECT_EQ(cluster(*long_first, "/a/b/c"), "long");
  EXPECT_EQ(cluster(*long_first, "/a/c"), "short");
}

TEST(RouteTable, every_kind_of_path_competes_by_list_index) {
  auto t = table(
      one_host({to("regex", PathRegex{regex("/r/[0-9]+")}), to("exact", PathExact{"/r/1"}),
                to("segments", PathSegments{"/s"}), to("prefix", PathPrefix{"/r"}),
                to("template", PathTemplate{UriTemplate::compile("/t/{x}/end").value()}), to("rest", PathPrefix{""})}));
  EXPECT_EQ(cluster(*t, "/r/1"), "regex");
  EXPECT_EQ(cluster(*t, "/r/x"), "prefix");
  EXPECT_EQ(cluster(*t, "/s"), "segments");
  EXPECT_EQ(cluster(*t, "/s/x"), "segments");
  EXPECT_EQ(cluster(*t, "/sx"), "rest");
  EXPECT_EQ(cluster(*t, "/t/1/end"), "template");
  EXPECT_EQ(cluster(*t, "/t/1/2/end"), "rest");
}

TEST(RouteTable, query_and_fragment_are_no_part_of_the_path) {
  auto t = table(one_host({to("exact", PathExact{"/a"}), to("regex", PathRegex{regex("/b")})}));
  EXPECT_EQ(cluster(*t, "/a?x=1"), "exact");
  EXPECT_EQ(cluster(*t, "/a#f"), "exact");
  EXPECT_EQ(cluster(*t, "/b?/c"), "regex");
  EXPECT_EQ(cluster(*t, "/ab"), "none");
}

TEST(RouteTable, a_regex_matches_as_a_whole) {
  auto t = table(one_host({to("regex", PathRegex{regex("/a|/ab")})}));
  EXPECT_EQ(cluster(*t, "/ab"), "regex");
  EXPECT_EQ(cluster(*t, "/abc"), "none");
}

TEST(RouteTable, case_is_ignored_only_where_asked) {
  auto spec =
      one_host({to("exact", PathExact{"/Exact"}), to("prefix", PathPrefix{"/Pre"}), to("rest", PathPrefix{"/"})});
  spec.virtual_hosts[0].routes[0].match.case_sensitive = false;
  spec.virtual_hosts[0].routes[1].match.case_sensitive = false;
  auto t = table(std::move(spec));
  EXPECT_EQ(cluster(*t, "/eXACT"), "exact");
  EXPECT_EQ(cluster(*t, "/PREfix"), "prefix");
  auto strict = table(one_host({to("prefix", PathPrefix{"/Pre"}), to("rest", PathPrefix{"/"})}));
  EXPECT_EQ(cluster(*strict, "/prefix"), "rest");
}

TEST(RouteTable, candidates_whose_conditions_fail_are_passed_over) {
  auto t =
      table(one_host({with_header(to("canary", PathPrefix{"/"}), "x-canary", "yes"),
                      with_header(to("post", PathExact{"/a"}), ":method", "POST"), to("stable", PathPrefix{"/"})}));
  EXPECT_EQ(cluster(*t, TestRequest("/a", "h", {{"x-canary", "yes"}})), "canary");
  EXPECT_EQ(cluster(*t, TestRequest("/a", "h", {}, "POST")), "post");
  EXPECT_EQ(cluster(*t, TestRequest("/a")), "stable");
}

TEST(RouteTable, query_parameters_and_cookies_decide) {
  auto spec = one_host({to("query", PathPrefix{"/"}), to("absent", PathPrefix{"/"}), to("cookie", PathPrefix{"/"})});
  auto& routes = spec.virtual_hosts[0].routes;
  routes[0].match.conditions.query.push_back({"v", StringMatcher::exact("2"), true});
  routes[1].match.conditions.query.push_back({"old", std::nullopt, true});
  routes[2].match.conditions.cookies.push_back({"user", StringMatcher::prefix("bob"), false});
  auto t = table(std::move(spec));
  EXPECT_EQ(cluster(*t, "/?a=1&v=2"), "query");
  EXPECT_EQ(cluster(*t, "/?v=1&old"), "absent");
  EXPECT_EQ(cluster(*t, TestRequest("/", "h", {{"cookie", "a=b; user=bobby"}})), "cookie");
  EXPECT_EQ(cluster(*t, TestRequest("/", "h", {{"cookie", "user=alice"}})), "none");
}

TEST(RouteTable, grpc_and_runtime_and_tls_and_metadata_decide) {
  auto spec = one_host({to("grpc", PathPrefix{"/"}), to("tenth", PathPrefix{"/"}), to("mtls", PathPrefix{"/"}),
                        to("claim", PathPrefix{"/"}), to("rest", PathPrefix{"/"})});
  auto& routes = spec.virtual_hosts[0].routes;
  routes[0].match.conditions.grpc = true;
  routes[1].match.conditions.fraction = Fraction{{10, 100}, ""};
  routes[2].match.conditions.tls = TlsMatch{std::nullopt, true};
  observe::MetadataMatcher claim;
  claim.space = "jwt";
  claim.path = {"role"};
  claim.value.match = StringMatcher::exact("admin");
  routes[3].match.conditions.metadata.push_back(claim);
  auto t = table(std::move(spec));
  TestRequest request("/", "h", {{"content-type", "application/grpc+proto"}});
  EXPECT_EQ(cluster(*t, request), "grpc");
  TestRequest plain("/");
  plain.random = 109;
  EXPECT_EQ(cluster(*t, plain), "tenth");
  plain.random = 110;
  EXPECT_EQ(cluster(*t, plain), "rest");
  observe::mutable_metadata(plain.info, plain.arena).root["jwt"]["role"] = "admin";
  EXPECT_EQ(cluster(*t, plain), "claim");
  auto tls = std::make_shared<net::TlsInfo>();
  tls->presented = tls->validated = true;
  plain.connection.tls = tls;
  EXPECT_EQ(cluster(*t, plain), "mtls");
}

TEST(RouteTable, connect_takes_only_connect_matchers_when_it_has_no_path) {
  auto t = table(one_host({to("prefix", PathPrefix{"/"}), to("connect", AnyConnect{})}));
  EXPECT_EQ(cluster(*t, TestRequest("", "h:443", {}, "CONNECT")), "connect");
  EXPECT_EQ(cluster(*t, "/"), "prefix");
  TestRequest websocket("/chat", "h", {}, "GET");
  websocket.head.protocol = "websocket";
  EXPECT_EQ(cluster(*t, websocket), "prefix");
}

TEST(RouteTable, path_parameters_are_ignored_when_asked) {
  auto spec = one_host({to("exact", PathExact{"/a"})});
  spec.ignore_path_parameters_in_path_matching = true;
  EXPECT_EQ(cluster(*table(std::move(spec)), "/a;v=1?x"), "exact");
}

TEST(RouteTable, hosts_match_exact_then_longest_suffix_then_longest_prefix_then_any) {
  auto t = table(hosts({{"any", {"*"}},
                        {"foo", {"*.foo.com", "*-bar.foo.com"}},
                        {"deep", {"*.deep.foo.com"}},
                        {"prefix", {"www.foo.*", "www.*"}},
                        {"exact", {"WWW.foo.com"}}}));
  EXPECT_EQ(cluster(*t, "/", "www.foo.com"), "exact");
  EXPECT_EQ(cluster(*t, "/", "a.foo.com"), "foo");
  EXPECT_EQ(cluster(*t, "/", "a.deep.foo.com"), "deep");
  EXPECT_EQ(cluster(*t, "/", "www.foo.org"), "prefix");
  EXPECT_EQ(cluster(*t, "/", ".foo.com"), "any");
  EXPECT_EQ(cluster(*t, "/", "other"), "any");
}

TEST(RouteTable, no_route_of_the_chosen_virtual_host_means_none) {
  auto spec = hosts({{"any", {"*"}}, {"a", {"a.com"}}});
  spec.virtual_hosts[1].routes[0].match.path = PathPrefix{"/only"};
  EXPECT_EQ(cluster(*table(std::move(spec)), "/x", "a.com"), "none");
}

TEST(RouteTable, port_is_ignored_when_asked) {
  auto spec = hosts({{"a", {"a.com"}}, {"six", {"[::1]"}}});
  auto strict = table(hosts({{"a", {"a.com"}}}));
  EXPECT_EQ(cluster(*strict, "/", "a.com:80"), "none");
  spec.ignore_port_in_host_matching = true;
  auto t = table(std::move(spec));
  EXPECT_EQ(cluster(*t, "/", "a.com:80"), "a");
  EXPECT_EQ(cluster(*t, "/", "[::1]:80"), "six");
}

TEST(RouteTable, duplicate_domains_are_refused) {
  auto made = RouteTable::make(hosts({{"a", {"x.com"}}, {"b", {"X.com"}}}));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "virtual host \"b\": domain \"x.com\" occurs twice: each may have one virtual host");
}

TEST(RouteTable, errors_name_virtual_host_and_route) {
  auto spec = one_host({to("", PathPrefix{"/"})});
  auto made = RouteTable::make(std::move(spec));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "virtual host \"all\": route 0: cluster is empty");
}

RouteSpec weighted(std::vector<std::pair<std::string, uint32_t>> list) {
  RouteSpec spec = to("w", PathPrefix{"/"});
  ToWeighted target;
  for (auto& [name, weight] : list) {
    WeightedCluster entry;
    entry.name = name;
    entry.weight = weight;
    target.clusters.push_back(std::move(entry));
  }
  std::get<Forward>(spec.action).target = std::move(target);
  return spec;
}

TEST(RouteTable, weighted_clusters_share_by_the_request_s_random_number) {
  auto t = table(one_host({weighted({{"a", 1}, {"never", 0}, {"b", 3}})}));
  TestRequest request("/");
  std::string chosen;
  for (request.random = 0; request.random < 8; ++request.random) chosen += cluster(*t, request);
  EXPECT_EQ(chosen, "abbbabbb");
}

TEST(RouteTable, a_header_can_replace_the_random_number) {
  auto spec = weighted({{"a", 1}, {"b", 1}});
  std::get<ToWeighted>(std::get<Forward>(spec.action).target).random_header = "x-random";
  auto t = table(one_host({std::move(spec)}));
  EXPECT_EQ(cluster(*t, TestRequest("/", "h", {{"x-random", "7"}})), "b");
  EXPECT_EQ(cluster(*t, TestRequest("/", "h", {{"x-random", "x"}})), "a");
  EXPECT_EQ(cluster(*t, TestRequest("/", "h", {{"x-random", "7"}, {"x-random", "7"}})), "a");
}

TEST(RouteTable, weights_of_zero_are_refused) { EXPECT_FALSE(RouteTable::make(one_host({weighted({{"a", 0}})}))); }

TEST(RouteTable, cluster_header_names_the_cluster) {
  auto spec = to("x", PathPrefix{"/"});
  std::get<Forward>(spec.action).target = ToHeader{"X-Cluster"};
  auto t = table(one_host({std::move(spec)}));
  TestRequest request("/", "h", {{"x-cluster", "c1"}});
  EXPECT_EQ(cluster_of(*t->match(request.input()), request.head), "c1");
  TestRequest none("/");
  EXPECT_EQ(cluster_of(*t->match(none.input()), none.head), "");
}

TEST(RouteTable, require_tls_redirects_what_came_in_the_clear) {
  auto spec = one_host({to("a", PathPrefix{"/"})});
  spec.virtual_hosts[0].require_tls = TlsRequirement::kExternalOnly;
  auto t = table(std::move(spec));
  TestRequest request("/x?y", "h", {{"x-forwarded-proto", "http"}});
  const Route* route = t->match(request.input());
  ASSERT_TRUE(route && route->redirect());
  EXPECT_EQ(redirect_location(*route, request.head, request.arena), "https://h/x?y");
  request.info.internal_request = true;
  EXPECT_EQ(cluster(*t, request), "a");
  EXPECT_EQ(cluster(*t, TestRequest("/", "h", {{"x-forwarded-proto", "https"}})), "a");
}

std::string header_order(bool most_specific_wins) {
  auto spec = one_host({weighted({{"a", 1}})});
  auto set = [](MessageOps& ops, std::string value) {
    EXPECT_TRUE(ops.request.add("x-level", value, AppendAction::kAppendIfExistsOrAdd));
  };
  auto& host = spec.virtual_hosts[0];
  set(spec.headers, "table");
  set(host.headers, "vhost");
  set(host.routes[0].headers, "route");
  set(std::get<ToWeighted>(std::get<Forward>(host.routes[0].action).target).clusters[0].headers, "cluster");
  spec.most_specific_header_mutations_wins = most_specific_wins;
  auto t = table(std::move(spec));
  TestRequest request("/");
  t->match(request.input())->request_headers.apply(request.head.headers, request.info, request.arena);
  return std::string(request.head.headers.joined("x-level"));
}

TEST(RouteTable, header_operations_go_from_the_most_specific_level_out) {
  EXPECT_EQ(header_order(false), "cluster,route,vhost,table");
  EXPECT_EQ(header_order(true), "table,vhost,route,cluster");
}

struct Named : PerFilterConfig {
  explicit Named(std::string n) : name(std::move(n)) {}
  std::string name;
};

TEST(RouteTable, per_filter_configuration_of_the_most_specific_level_wins) {
  auto spec = one_host({weighted({{"a", 1}}), to("b", PathPrefix{"/b"})});
  std::swap(spec.virtual_hosts[0].routes[0], spec.virtual_hosts[0].routes[1]);
  auto& host = spec.virtual_hosts[0];
  spec.per_filter.set("f", std::make_shared<Named>("table"));
  host.per_filter.set("f", std::make_shared<Named>("vhost"));
  auto& clusters = std::get<ToWeighted>(std::get<Forward>(host.routes[1].action).target).clusters;
  clusters[0].per_filter.set("f", std::make_shared<Named>("cluster"));
  auto t = table(std::move(spec));
  auto found = [&](std::string_view path) {
    TestRequest request(path);
    return static_cast<const Named*>(t->match(request.input())->per_filter.find("f"))->name;
  };
  EXPECT_EQ(found("/b"), "vhost");
  EXPECT_EQ(found("/"), "cluster");
}

TEST(RouteTable, virtual_clusters_are_named_by_headers) {
  VirtualHost host;
  TestRequest get("/users"), post("/users", "h", {}, "POST");
  EXPECT_EQ(virtual_cluster_of(host, get.head), nullptr);
  host.virtual_clusters.push_back(
      {"reads", {HeaderMatcher::make({":method", StringMatcher::exact("GET")}).value()}, nullptr});
  EXPECT_EQ(virtual_cluster_of(host, get.head)->name, "reads");
  EXPECT_EQ(virtual_cluster_of(host, post.head), nullptr);
  host.virtual_clusters.push_back({"", {}, nullptr});
  EXPECT_EQ(virtual_cluster_of(host, get.head)->name, "reads");
  EXPECT_EQ(virtual_cluster_of(host, post.head), &host.virtual_clusters[1]);
}

TEST(RouteTable, explanation_tells_why_earlier_routes_did_not_match) {
  auto t = table(one_host({to("exact", PathExact{"/b"}), with_header(to("canary", PathPrefix{"/a"}), "x-v", "2"),
                           to("rest", PathPrefix{"/"})}));
  TestRequest request("/a/1", "h", {{"x-v", "1"}});
  Explanation why = t->explain(request.input());
  EXPECT_EQ(why.virtual_host, "all");
  EXPECT_EQ(why.virtual_host_reason, "no other domain fits host \"h\", and it has domain \"*\"");
  ASSERT_EQ(why.rejected.size(), 2u);
  EXPECT_EQ(why.rejected[0].match, "path \"/b\"");
  EXPECT_EQ(why.rejected[0].reason, "path \"/a/1\" is not equal to it");
  EXPECT_FALSE(why.rejected[0].path_matched);
  EXPECT_EQ(why.rejected[1].reason, "header \"x-v\" = \"2\" does not hold: it is \"1\"");
  EXPECT_TRUE(why.rejected[1].path_matched);
  EXPECT_EQ(why.route, t->match(request.input()));
  EXPECT_EQ(why.route_reason, "prefix \"/\" matches");
}

TEST(RouteTable, explanation_names_the_weighted_cluster_s_share) {
  auto t = table(one_host({weighted({{"a", 20}, {"b", 80}})}));
  TestRequest request("/");
  request.random = 157;
  EXPECT_EQ(t->explain(request.input()).route_reason,
            "prefix \"/\" matches, weighted cluster \"b\" because 57 of 100 is in [20, 100)");
}

// The index against the definition: the first route in list order whose path and conditions hold.
bool path_holds(const RouteMatch& match, std::string path) {
  auto fold = [&](std::string text) { return match.case_sensitive ? text : http::to_lower(text); };
  if (auto* m = std::get_if<PathPrefix>(&match.path)) return fold(path).starts_with(fold(m->prefix));
  if (auto* m = std::get_if<PathExact>(&match.path)) return fold(path) == fold(m->path);
  if (auto* m = std::get_if<PathRegex>(&match.path)) return m->regex.full_match(path);
  if (auto* m = std::get_if<PathSegments>(&match.path)) {
    std::string text = fold(path), prefix = fold(m->prefix);
    return text == prefix || text.starts_with(prefix + "/");
  }
  return false;
}

TEST(RouteTable, index_agrees_with_the_list_on_random_tables) {
  std::mt19937 random(7);
  auto pick = [&](int n) { return static_cast<int>(random() % n); };
  auto random_path = [&] {
    std::string path;
    for (int i = 0, n = pick(20); i < n; ++i) path += "/aAbB"[pick(5)];
    return "/" + path;
  };
  for (int round = 0; round < 60; ++round) {
    std::vector<RouteSpec> routes;
    std::vector<RouteMatch> list;
    for (int i = 0, n = 1 + pick(60); i < n; ++i) {
      std::string text = random_path();
      PathMatch path = PathPrefix{text};
      int kind = pick(10);
      if (kind == 0) path = PathExact{text};
      if (kind == 1) path = PathRegex{regex(text + "[ab]*")};
      if (kind == 2 && text.back() != '/') path = PathSegments{text};
      RouteSpec spec = to("r" + std::to_string(i), path);
      spec.match.case_sensitive = pick(3) != 0;
      if (pick(2)) spec = with_header(std::move(spec), "x", std::string(1, static_cast<char>('0' + pick(3))));
      list.push_back(spec.match);
      routes.push_back(std::move(spec));
    }
    auto t = table(one_host(std::move(routes)));
    for (int i = 0; i < 50; ++i) {
      std::string path = random_path(), x(1, static_cast<char>('0' + pick(3)));
      TestRequest request(path, "h", {{"x", x}});
      std::string expected = "none";
      for (size_t r = 0; r < list.size(); ++r) {
        if (!path_holds(list[r], path) || !list[r].conditions.hold(request.input())) continue;
        expected = "r" + std::to_string(r);
        break;
      }
      ASSERT_EQ(cluster(*t, request), expected) << path << " in round " << round;
    }
  }
}

TEST(RouteTable, deeply_nested_prefixes_are_all_candidates) {
  std::vector<RouteSpec> routes;
  std::string prefix = "/";
  for (int i = 0; i < 100; ++i) {
    routes.push_back(with_header(to("r" + std::to_string(i), PathPrefix{prefix}), "n", std::to_string(i)));
    prefix += "a";
  }
  auto t = table(one_host(std::move(routes)));
  for (int i = 0; i < 100; ++i) {
    std::string n = std::to_string(i);
    EXPECT_EQ(cluster(*t, TestRequest(prefix, "h", {{"n", n}})), "r" + n);
  }
}

TEST(RouteTable, many_regexes_still_answer_by_list_order) {
  std::vector<RouteSpec> routes;
  for (int i = 0; i < 2000; ++i) {
    routes.push_back(to("r" + std::to_string(i), PathRegex{regex("/svc" + std::to_string(i) + "/v[0-9]+/.*")}));
  }
  routes.push_back(to("catch", PathRegex{regex(".*")}));
  auto t = table(one_host(std::move(routes)));
  EXPECT_EQ(cluster(*t, "/svc1999/v1/x"), "r1999");
  EXPECT_EQ(cluster(*t, "/svc0/v1/x"), "r0");
  EXPECT_EQ(cluster(*t, "/else"), "catch");
}

}  // namespace
}  // namespace proa::route
