#include "mesh/agent/merged_metrics.h"

#include <gtest/gtest.h>

#include "net/test_loop.h"

namespace proa::mesh {
namespace {

class Metrics : public testing::Test {
 protected:
  /// What a scrape says, where the two answer so; an empty text: 503.
  HttpAnswer scrape(const std::string& proxy_says, const std::string& application_says) {
    auto serve = [&](const std::string& text, const char* path) {
      return [&text, path](const HttpQuestion& question, const HttpService::Reply& reply) {
        EXPECT_EQ(question.path, path);
        reply({.status = static_cast<uint16_t>(text.empty() ? 503 : 200), .body = text});
      };
    };
    HttpService proxy(loop, serve(proxy_says, "/stats/prometheus")), application(loop, serve(application_says, "/app"));
    const net::Address any = net::Address::loopback(net::Address::Family::kIpv4, 0);
    auto admin = proxy.listen(any), at = application.listen(any);
    MergedMetrics metrics(loop, *admin, ApplicationMetrics{.at = *at, .path = "/app"}, [] { return "own 1\n"; });
    std::optional<HttpAnswer> answer;
    metrics.answer([&](HttpAnswer given) { answer = std::move(given); });
    for (int i = 0; i < 200 && !answer; ++i) {
      loop.run_until([&] { return answer.has_value(); }, 200);
      if (!answer) loop.run_for(Milliseconds(5));
    }
    loop.settle();
    return answer.value_or(HttpAnswer{.status = 0});
  }
  net::TestLoop loop;
};

TEST_F(Metrics, are_of_the_proxy_the_application_and_the_agent) {
  const HttpAnswer answer = scrape("a 1\n", "b 2");
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.body.starts_with("a 1\nb 2\nown 1\n")) << answer.body;
  EXPECT_NE(answer.body.find("{of=\"proxy\"} 0"), std::string::npos);
}

TEST_F(Metrics, who_does_not_answer_is_left_out_and_counted) {
  const HttpAnswer answer = scrape("a 1\n", "");
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.body.starts_with("a 1\nown 1\n")) << answer.body;
  EXPECT_NE(answer.body.find("{of=\"application\"} 1"), std::string::npos);
}

}  // namespace
}  // namespace proa::mesh
