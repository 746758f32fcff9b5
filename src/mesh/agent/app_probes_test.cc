#include "mesh/agent/app_probes.h"

#include <gtest/gtest.h>

#include "grpc/health_service.h"
#include "grpc/server.h"
#include "net/test_loop.h"

namespace proa::mesh {
namespace {

TEST(AppProbes, are_read_as_the_injector_writes_them) {
  auto probes = read_app_probes(R"({
    "/app-health/cart/readyz": {"httpGet": {"path": "/ready", "port": 8080, "scheme": "HTTP",
                                "httpHeaders": [{"name": "Host", "value": "cart"}, {"name": "X-A", "value": "b"}]},
                                "timeoutSeconds": 3},
    "/app-health/cart/livez": {"tcpSocket": {"port": 8081}},
    "/app-health/cart/startupz": {"grpc": {"port": 8082, "service": "shop.Cart"}}})");
  ASSERT_TRUE(probes) << probes.error().message;
  const AppProbe& ready = probes->at("/app-health/cart/readyz");
  EXPECT_EQ(ready.kind, AppProbe::Kind::kHttp);
  EXPECT_EQ(ready.path, "/ready");
  EXPECT_EQ(ready.host, "cart");
  EXPECT_EQ(ready.headers.front().first, "x-a");
  EXPECT_EQ(ready.timeout, Milliseconds(3000));
  EXPECT_EQ(probes->at("/app-health/cart/livez").port, 8081);
  EXPECT_EQ(probes->at("/app-health/cart/startupz").service, "shop.Cart");
}

TEST(AppProbes, what_is_wrong_is_told) {
  for (const char* wrong : {"", "[1]", R"({"/p": {"exec": {}}})", R"({"/p": {"tcpSocket": {"port": "http"}}})",
                            R"({"/p": {"httpGet": {"port": 1, "scheme": "HTTPS"}}})",
                            R"({"/p": {"grpc": {"port": 0}}})", R"({"/p": {"httpGet": {"port": 1, "path": 5}}})"}) {
    EXPECT_FALSE(read_app_probes(wrong)) << wrong;
  }
}

class Prober : public testing::Test {
 protected:
  /// The status for a probe of this kind and port.
  uint16_t ask(AppProbe::Kind kind, uint16_t port, const std::string& service = {}) {
    AppProbe probe{.kind = kind, .port = port, .path = "/here", .service = service};
    AppProber prober(loop, {{"/p", probe}}, *net::Address::parse_ip("127.0.0.1", 0));
    std::optional<HttpAnswer> answer;
    prober.answer("/p", [&](HttpAnswer given) { answer = std::move(given); });
    for (int i = 0; i < 200 && !answer; ++i) {
      loop.run_until([&] { return answer.has_value(); }, 200);
      if (!answer) loop.run_for(Milliseconds(10));
    }
    loop.settle();
    return answer ? answer->status : 0;
  }
  static uint16_t nobody() { return 1; }

  net::TestLoop loop;
};

TEST_F(Prober, http_gives_the_applications_own_status) {
  std::string path;
  HttpService application(loop, [&](const HttpQuestion& question, const HttpService::Reply& reply) {
    path = question.path;
    reply({.status = 418});
  });
  auto bound = application.listen(net::Address::loopback(net::Address::Family::kIpv4, 0));
  ASSERT_TRUE(bound);
  EXPECT_EQ(ask(AppProbe::Kind::kHttp, bound->port()), 418);
  EXPECT_EQ(path, "/here");
  EXPECT_EQ(ask(AppProbe::Kind::kTcp, bound->port()), 200);
  EXPECT_EQ(ask(AppProbe::Kind::kHttp, nobody()), 500);
  EXPECT_EQ(ask(AppProbe::Kind::kTcp, nobody()), 500);
}

TEST_F(Prober, grpc_asks_the_health_service) {
  grpc::Services services;
  grpc::HealthService health;
  health.add_to(services);
  health.set("up", grpc::ServingStatus::kServing);
  health.set("down", grpc::ServingStatus::kNotServing);
  grpc::Server server(loop, services);
  auto bound = server.listen({.address = net::Address::loopback(net::Address::Family::kIpv4, 0)});
  ASSERT_TRUE(bound);
  EXPECT_EQ(ask(AppProbe::Kind::kGrpc, bound->port(), "up"), 200);
  EXPECT_EQ(ask(AppProbe::Kind::kGrpc, bound->port(), "down"), 500);
  EXPECT_EQ(ask(AppProbe::Kind::kGrpc, bound->port(), "unknown"), 500);
  EXPECT_EQ(ask(AppProbe::Kind::kGrpc, nobody()), 500);
}

TEST_F(Prober, an_application_that_hangs_is_not_waited_for) {
  HttpService application(loop, [](const HttpQuestion&, const HttpService::Reply&) {});
  auto bound = application.listen(net::Address::loopback(net::Address::Family::kIpv4, 0));
  EXPECT_EQ(ask(AppProbe::Kind::kHttp, bound->port()), 500);
}

}  // namespace
}  // namespace proa::mesh
