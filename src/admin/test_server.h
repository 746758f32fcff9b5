// What the tests of this folder share: a server that runs a configuration, and its pages without a socket.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "admin/pages.h"
#include "config/compiler.h"
#include "config/load.h"
#include "net/loop.h"
#include "observe/registry.h"

namespace proa::admin {

/// A server on a loop of its own. It does nothing before serve().
struct ServerTest : testing::Test {
  static net::Address loopback() { return net::Address::loopback(net::Address::Family::kIpv4, 0); }

  /// Starts with the bootstrap and returns when the server is live.
  void serve(std::string_view yaml) {
    config::Problems problems;
    config::LoadOptions options;
    options.source.yaml = yaml;
    options.health_checks_fail = &server->health_checks_fail();
    options.main_loop = &loop;
    proxy::Snapshot snapshot = config::load(options, shared, problems);
    ASSERT_TRUE(problems.ok()) << problems.str();
    Status started = server->start(std::move(snapshot), {}, [this] { loop.stop(); });
    ASSERT_TRUE(started.has_value()) << started.error().message;
    loop.run();
  }

  AdminContext context() {
    AdminContext out{.server = *server, .config = {}, .version = "1.2.3", .revision = "00beef1234"};
    out.config.address = loopback();
    out.started = loop.now();
    out.quit = [this] { ++quits; };
    out.reopen_logs = [this] { ++reopened; };
    out.load_report = [] { return std::string("in force\n"); };
    return out;
  }

  Response get(std::string_view target) { return answer(admin(), http::Method::kGet, target); }
  Response post(std::string_view target) { return answer(admin(), http::Method::kPost, target); }
  nlohmann::json json(std::string_view target) {
    Response response = get(target);
    EXPECT_EQ(response.status, 200) << target << ": " << response.body;
    EXPECT_EQ(response.content_type, kJson) << target;
    auto parsed = nlohmann::json::parse(response.body, nullptr, false);
    EXPECT_FALSE(parsed.is_discarded()) << response.body;
    return parsed;
  }
  Admin& admin() {
    if (!admin_) admin_ = std::make_unique<Admin>(context());
    return *admin_;
  }

  net::Loop loop;
  observe::Registry registry;
  config::SharedObjects shared{registry};
  std::unique_ptr<proxy::Server> server =
      std::make_unique<proxy::Server>(loop, registry, proxy::ServerOptions{.concurrency = 1});
  int quits = 0, reopened = 0;

 private:
  std::unique_ptr<Admin> admin_;
};

/// The bootstrap of one HTTP listener "main" on a free port of loopback. `more`: further members of the bootstrap;
/// `listeners`, `clusters`: further entries of those lists; `routes`, `filters`: entries of the connection manager's.
struct TestConfig {
  std::string routes = R"({"name": "all", "match": {"prefix": "/"}, "route": {"cluster": "a"}})";
  std::string filters{};    // each followed by a comma
  std::string listeners{};  // each preceded by a comma
  std::string clusters{};   // likewise
  std::string more{};       // likewise

  static std::string http_manager(const std::string& routes, const std::string& filters = "") {
    return R"({"name": "envoy.filters.network.http_connection_manager", "typed_config": {
      "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
      "stat_prefix": "main", "http_filters": [)" +
           filters + R"({"name": "envoy.filters.http.router", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}],
      "route_config": {"name": "local", "validate_clusters": false, "virtual_hosts": [
        {"name": "api", "domains": ["api.example.com", "*.api.example.com"], "routes": [)" +
           routes + R"(]}]}}})";
  }
  static std::string address(int port) {
    return R"({"socket_address": {"address": "127.0.0.1", "port_value": )" + std::to_string(port) + "}}";
  }
  std::string yaml() const {
    return R"({"node": {"id": "n1", "cluster": "c1", "locality": {"zone": "z1"}}, "static_resources": {"listeners": [
      {"name": "main", "address": )" +
           address(0) + R"(, "filter_chains": [{"name": "plain", "filters": [)" + http_manager(routes, filters) +
           "]}]}" + listeners + R"(], "clusters": [
      {"name": "a", "connect_timeout": "1s", "load_assignment": {"cluster_name": "a", "endpoints": [
        {"locality": {"region": "r", "zone": "z"}, "lb_endpoints": [
          {"endpoint": {"address": )" +
           address(1001) + R"(, "hostname": "one"}, "load_balancing_weight": 7},
          {"endpoint": {"address": )" +
           address(1002) + R"(}, "health_status": "DRAINING"}]}]}})" + clusters + "]}" + more + "}";
  }
};

}  // namespace proa::admin
