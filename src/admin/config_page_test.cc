#include <map>

#include "admin/test_server.h"
#include "net/tls/issuer.h"

namespace proa::admin {
namespace {

struct ConfigPage : ServerTest {
  /// The dumps of /config_dump by the last part of their type.
  std::map<std::string, nlohmann::json> dumps(std::string_view target) {
    std::map<std::string, nlohmann::json> out;
    const auto dump = json(target);
    for (const auto& config : dump["configs"]) {
      std::string type = config["@type"];
      out[type.substr(type.rfind('.') + 1)] = config;
    }
    return out;
  }
};

TEST_F(ConfigPage, dump_has_the_messages_that_istioctl_looks_for) {
  serve(TestConfig().yaml());
  auto found = dumps("/config_dump");
  EXPECT_EQ(found["BootstrapConfigDump"]["bootstrap"]["node"]["id"], "n1");
  auto cluster = found["ClustersConfigDump"]["static_clusters"][0]["cluster"];
  EXPECT_EQ(cluster["@type"], "type.googleapis.com/envoy.config.cluster.v3.Cluster");
  EXPECT_EQ(cluster["name"], "a");
  auto listener = found["ListenersConfigDump"]["static_listeners"][0]["listener"];
  EXPECT_EQ(listener["@type"], "type.googleapis.com/envoy.config.listener.v3.Listener");
  auto routes = found["RoutesConfigDump"]["static_route_configs"][0]["route_config"];
  EXPECT_EQ(routes["@type"], "type.googleapis.com/envoy.config.route.v3.RouteConfiguration");
  EXPECT_EQ(routes["name"], "local");
  EXPECT_FALSE(found.contains("EndpointsConfigDump"));
}

TEST_F(ConfigPage, endpoints_are_included_when_asked_for) {
  serve(TestConfig().yaml());
  auto assignment =
      dumps("/config_dump?include_eds")["EndpointsConfigDump"]["static_endpoint_configs"][0]["endpoint_config"];
  EXPECT_EQ(assignment["cluster_name"], "a");
  auto group = assignment["endpoints"][0];
  EXPECT_EQ(group["locality"]["region"], "r");
  EXPECT_EQ(group["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]["port_value"], 1001);
  EXPECT_EQ(group["lb_endpoints"][1]["health_status"], "DRAINING");
}

TEST_F(ConfigPage, one_resource_lists_its_entries) {
  serve(TestConfig().yaml());
  auto configs = json("/config_dump?resource=static_clusters")["configs"];
  ASSERT_EQ(configs.size(), 1u);
  EXPECT_EQ(configs[0]["@type"], "type.googleapis.com/envoy.admin.v3.ClustersConfigDump.StaticCluster");
  EXPECT_EQ(configs[0]["cluster"]["name"], "a");
  EXPECT_EQ(json("/config_dump?resource=dynamic_listeners")["configs"].size(), 0u);
  EXPECT_EQ(get("/config_dump?resource=nothing").status, 404);
}

TEST_F(ConfigPage, names_and_masks_select) {
  serve(TestConfig{.clusters = R"(, {"name": "b", "load_assignment": {"cluster_name": "b"}})"}.yaml());
  auto configs = json("/config_dump?resource=static_clusters&name_regex=b&mask=cluster.name")["configs"];
  ASSERT_EQ(configs.size(), 1u);
  EXPECT_EQ(configs[0]["cluster"], nlohmann::json({{"name", "b"}}));
  auto found = dumps("/config_dump?name_regex=.*b.*");
  EXPECT_EQ(found["ClustersConfigDump"]["static_clusters"].size(), 1u);
  EXPECT_FALSE(found["ListenersConfigDump"].contains("static_listeners"));
  EXPECT_EQ(dumps("/config_dump?mask=bootstrap.node.id")["BootstrapConfigDump"]["bootstrap"],
            nlohmann::json({{"node", {{"id", "n1"}}}}));
  EXPECT_EQ(get("/config_dump?name_regex=(").status, 400);
}

TEST_F(ConfigPage, says_when_it_was_loaded) {
  serve(TestConfig().yaml());
  admin().context.loaded_at = [] { return WallTime(std::chrono::seconds(1767225600)); };
  EXPECT_EQ(dumps("/config_dump")["BootstrapConfigDump"]["last_updated"], "2026-01-01T00:00:00.000Z");
}

TEST_F(ConfigPage, status_is_what_the_program_reports) { EXPECT_EQ(get("/config_status").body, "in force\n"); }

TEST_F(ConfigPage, runtime_shows_layers_and_what_is_set_by_hand) {
  std::shared_ptr<const route::Runtime> published;
  serve(TestConfig{.more = R"(, "layered_runtime": {"layers": [
      {"name": "base", "static_layer": {"my": {"other": 7}, "a.b": {"numerator": 5}}},
      {"name": "hand", "admin_layer": {}}]})"}
            .yaml());
  admin().context.publish_runtime = [&](auto runtime) { published = std::move(runtime); };
  auto runtime = json("/runtime");
  EXPECT_EQ(runtime["layers"], nlohmann::json({"base", "hand"}));
  EXPECT_EQ(runtime["entries"]["my.other"]["final_value"], "7");

  EXPECT_EQ(post("/runtime_modify?my.other=30&my.key=100").status, 200);
  runtime = json("/runtime");
  EXPECT_EQ(runtime["entries"]["my.other"]["layer_values"], nlohmann::json({"7", "30"}));
  EXPECT_EQ(runtime["entries"]["my.other"]["final_value"], "30");
  ASSERT_TRUE(published);
  EXPECT_EQ(published->share("my.key")->numerator, 100u);
  EXPECT_EQ(published->share("a.b")->numerator, 5u);

  EXPECT_EQ(post("/runtime_modify?my.other=&my.key=").status, 200);
  EXPECT_EQ(json("/runtime")["entries"]["my.other"]["final_value"], "7");
  EXPECT_EQ(published->share("my.other")->numerator, 7u);
}

TEST_F(ConfigPage, runtime_without_an_admin_layer_cannot_be_changed) {
  serve(TestConfig().yaml());
  admin().context.publish_runtime = [](const auto&) { FAIL(); };
  EXPECT_EQ(post("/runtime_modify?a=1").status, 503);
  EXPECT_EQ(post("/runtime_modify").status, 400);
}

// ---- certificates and keys ----

struct CertsPage : ServerTest {
  static constexpr std::string_view kContext =
      "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext";

  void serve_tls() {
    auto authority = net::tls::Issuer::make_root("canary root");
    issued =
        *authority->issue({.common_name = "canary", .sans = {{net::tls::SanMatcher::Type::kDns, "a.example.com", {}}}});
    nlohmann::json tls = {
        {"@type", kContext},
        {"common_tls_context",
         {{"tls_certificates",
           {{{"certificate_chain", {{"inline_string", issued.certificate_pem}}},
             {"private_key", {{"inline_string", issued.key_pem}}}}}},
          {"validation_context", {{"trusted_ca", {{"inline_string", authority->certificate_pem()}}}}}}}};
    serve(TestConfig{.listeners = R"(, {"name": "secure", "address": )" + TestConfig::address(0) +
                                  R"(, "filter_chains": [{"transport_socket": {"name": "tls", "typed_config": )" +
                                  tls.dump() + R"(}, "filters": [)" + TestConfig::http_manager(TestConfig().routes) +
                                  "]}]}"}
              .yaml());
  }
  net::tls::Issued issued;
};

TEST_F(CertsPage, lists_own_and_trusted_certificates) {
  serve_tls();
  auto context = json("/certs")["certificates"][0];
  auto own = context["cert_chain"][0];
  EXPECT_EQ(own["subject_alt_names"], nlohmann::json({{{"dns", "a.example.com"}}}));
  EXPECT_EQ(own["days_until_expiration"], "0");  // it lives for a day
  EXPECT_FALSE(own["serial_number"].get<std::string>().empty());
  EXPECT_EQ(own["expiration_time"].get<std::string>().size(), std::string("2026-01-01T00:00:00Z").size());
  EXPECT_EQ(context["ca_cert"].size(), 1u);
  EXPECT_NE(get("/stats?filter=days_until").body.find("first_cert_expiring: 0\n"), std::string::npos);
}

TEST_F(CertsPage, is_empty_without_tls) {
  serve(TestConfig().yaml());
  EXPECT_EQ(json("/certs")["certificates"].size(), 0u);
}

TEST_F(CertsPage, no_page_shows_a_private_key) {
  serve_tls();
  const std::string secret = issued.key_pem.substr(issued.key_pem.find('\n') + 1, 60);
  for (const Page& page : pages()) {
    for (std::string_view query : {"", "?format=json", "?include_eds", "?resource=static_listeners", "?format=html"}) {
      const Response response = (page.changes ? post(page.path) : get(std::string(page.path).append(query)));
      EXPECT_EQ(response.body.find("PRIVATE KEY"), std::string::npos) << page.path << query;
      EXPECT_EQ(response.body.find(secret), std::string::npos) << page.path << query;
    }
  }
  EXPECT_NE(get("/config_dump").body.find("[redacted]"), std::string::npos);
}

}  // namespace
}  // namespace proa::admin
