#include "admin/explain.h"

#include "admin/test_server.h"

namespace proa::admin {
namespace {

using proxy::Explanation;
using proxy::Question;

struct Explain : ServerTest {
  const std::string routes = R"(
      {"name": "exact", "match": {"path": "/health"}, "direct_response": {"status": 204}},
      {"name": "beta", "match": {"prefix": "/", "headers": [{"name": "x-beta", "string_match": {"exact": "1"}}]},
       "route": {"weighted_clusters": {"clusters": [{"name": "a", "weight": 90}, {"name": "gone", "weight": 10}]}}},
      {"name": "old", "match": {"prefix": "/old"}, "redirect": {"path_redirect": "/new"}},
      {"name": "all", "match": {"prefix": "/"}, "route": {"cluster": "a"}})";

  void start() { serve(TestConfig{.routes = routes}.yaml()); }
  Explanation ask(const Question& question) {
    auto explanation = explain(admin(), question);
    EXPECT_TRUE(explanation.has_value()) << explanation.error().message;
    return explanation.value_or(Explanation{});
  }
};

TEST_F(Explain, tells_the_way_of_a_request) {
  start();
  Explanation e = ask({.host = "API.example.com", .path = "/x/../y"});
  EXPECT_EQ(e.listener, "main");
  EXPECT_EQ(e.filter_chain, "plain");
  EXPECT_EQ(e.host, "api.example.com");
  EXPECT_EQ(e.virtual_host, "api");
  ASSERT_TRUE(e.route);
  EXPECT_EQ(e.route->name, "all");
  ASSERT_EQ(e.rejected.size(), 3u);
  EXPECT_EQ(e.rejected[0].name, "exact");
  EXPECT_NE(e.rejected[1].reason.find("x-beta"), std::string::npos) << e.rejected[1].reason;
  EXPECT_EQ(e.cluster, "a");
  ASSERT_EQ(e.hosts.size(), 2u);
  EXPECT_EQ(e.healthy_hosts, 1u);
  EXPECT_EQ(e.outcome, "forwards the request to cluster \"a\", of which 1 of 2 hosts are healthy");
}

TEST_F(Explain, weighted_clusters_follow_the_random_number) {
  start();
  Question question{.host = "api.example.com", .headers = {{"x-beta", "1"}}};
  EXPECT_EQ(ask(question).cluster, "a");
  question.random = 95;
  Explanation e = ask(question);
  EXPECT_EQ(e.cluster, "gone");
  EXPECT_EQ(e.weighted.size(), 2u);
  EXPECT_NE(e.outcome.find("does not exist"), std::string::npos);
}

TEST_F(Explain, answers_of_the_proxy_itself) {
  start();
  EXPECT_EQ(ask({.host = "api.example.com", .path = "/health"}).outcome, "answers 204 itself");
  EXPECT_EQ(ask({.host = "api.example.com", .path = "/old"}).outcome,
            "redirects with 301 to http://api.example.com/new");
  EXPECT_EQ(ask({.host = "other.example.com"}).outcome, "answers 404: no virtual host matches");
  EXPECT_NE(ask({.host = "api.example.com", .path = "no-slash"}).outcome.find("absolute_path_rejected"),
            std::string::npos);
}

TEST_F(Explain, filters_of_the_route) {
  const std::string cors = "type.googleapis.com/envoy.extensions.filters.http.cors.v3.";
  serve(TestConfig{.routes = R"({"name": "off", "match": {"prefix": "/off"}, "route": {"cluster": "a"},
                     "typed_per_filter_config": {"cors": {
                       "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": true}}},
                   {"name": "on", "match": {"prefix": "/"}, "route": {"cluster": "a"}})",
                   .filters = R"({"name": "cors", "typed_config": {"@type": ")" + cors + R"(Cors"}},)"}
            .yaml());
  Explanation on = ask({.host = "api.example.com"}), off = ask({.host = "api.example.com", .path = "/off"});
  ASSERT_EQ(on.filters.size(), 1u);
  EXPECT_TRUE(on.filters[0].enabled);
  EXPECT_FALSE(off.filters[0].enabled);
  EXPECT_EQ(off.filters[0].reason, "the route disables it");
}

TEST_F(Explain, filter_chain_by_server_name) {
  auto chain = [](const std::string& name, const std::string& match) {
    return R"({"name": ")" + name + R"(", "filter_chain_match": {)" + match + R"(}, "filters": [{"name": "tcp",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
        "stat_prefix": "t", "cluster": "a"}}]})";
  };
  serve(TestConfig{.listeners = R"(, {"name": "sni", "address": )" + TestConfig::address(0) +
                                R"(, "listener_filters": [{"name": "i", "typed_config": {"@type":
                "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"}}],
                "filter_chains": [)" +
                                chain("one", R"("server_names": ["one.example.com"])") + "," +
                                chain("tls", R"("transport_protocol": "tls")") + "]}"}
            .yaml());
  EXPECT_EQ(ask({.listener = "sni", .sni = "one.example.com"}).filter_chain, "one");
  Explanation other = ask({.destination = server->bound_addresses("sni").at(0), .sni = "two.example.com"});
  EXPECT_EQ(other.filter_chain, "tls");
  EXPECT_EQ(other.outcome, "forwards the bytes to cluster \"a\", of which 1 of 2 hosts are healthy");
  EXPECT_EQ(ask({.listener = "sni"}).outcome, "closes the connection: no filter chain matches");
  // Two listeners: it must be said which one is meant.
  auto refused = explain(admin(), {.host = "api.example.com"});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("main, sni"), std::string::npos) << refused.error().message;
}

TEST_F(Explain, page_as_json_and_text) {
  start();
  auto answer = json("/explain?host=api.example.com&path=/z&header=x-beta:%201&source=10.9.9.9");
  EXPECT_EQ(answer["route"]["name"], "beta");
  EXPECT_EQ(answer["cluster"]["name"], "a");
  EXPECT_EQ(answer["cluster"]["weighted"][0]["weight"], 90);
  const std::string text = get("/explain?host=api.example.com&format=text").body;
  EXPECT_NE(text.find("route 3 \"all\""), text.npos) << text;
  EXPECT_NE(text.find("\n=> forwards the request to cluster \"a\""), text.npos) << text;
}

TEST_F(Explain, page_refuses_what_it_cannot_read) {
  start();
  for (auto target :
       {"/explain?source=nowhere", "/explain?header=nocolon", "/explain?random=x", "/explain?listener=zz"}) {
    EXPECT_EQ(get(target).status, 400) << target;
  }
}

}  // namespace
}  // namespace proa::admin
