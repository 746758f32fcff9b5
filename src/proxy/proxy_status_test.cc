#include "proxy/proxy_status.h"

#include <gtest/gtest.h>

namespace proa::proxy {
namespace {

using http::HeaderId;
using observe::ResponseFlag;

struct ProxyStatus : testing::Test {
  Arena arena;
  http::ResponseHead head{arena};
  observe::StreamInfo info;
  ProxyStatusConfig config{.name = "here"};

  ProxyStatus() {
    head.status = 503;
    info.response_code_details = "upstream_reset_before_response_started{connection_termination}";
  }
  std::string_view value() {
    add_proxy_status(config, info, head);
    return head.headers.value(HeaderId::kProxyStatus);
  }
};

TEST_F(ProxyStatus, a_response_that_went_well_says_nothing) {
  EXPECT_EQ(value(), "");
  info.set(ResponseFlag::kDelayInjected);
  EXPECT_EQ(value(), "");
}

TEST_F(ProxyStatus, tells_the_error_with_details_and_flags) {
  info.set(ResponseFlag::kUpstreamConnectionTermination);
  EXPECT_EQ(value(),
            "here; error=connection_terminated; "
            "details=\"upstream_reset_before_response_started{connection_termination}; UC\"");
  EXPECT_EQ(head.status, 503);
}

TEST_F(ProxyStatus, each_part_of_the_details_can_be_left_out) {
  info.set(ResponseFlag::kNoRouteFound);
  info.response_code_details = "a\"b\\c\n";
  info.connection_termination_details = "gone";
  EXPECT_EQ(value(), R"(here; error=destination_not_found; details="a\"b\\c?; gone; NR")");
  head.headers.clear();
  config.response_flags = config.termination_details = false;
  EXPECT_EQ(value(), R"(here; error=destination_not_found; details="a\"b\\c?")");
  head.headers.clear();
  config.details = false;
  EXPECT_EQ(value(), "here; error=destination_not_found");
}

TEST_F(ProxyStatus, comes_after_what_proxies_further_inside_said) {
  info.set(ResponseFlag::kUpstreamOverflow);
  config.details = false;
  head.headers.add("proxy-status", "theirs");
  head.headers.add("proxy-status", "other; error=dns_error");
  EXPECT_EQ(value(), "theirs,other; error=dns_error, here; error=connection_limit_reached");
  EXPECT_EQ(head.headers.size(), 1U);
}

TEST_F(ProxyStatus, sets_the_recommended_status_except_for_grpc) {
  info.set(ResponseFlag::kUpstreamConnectionTermination);
  config.set_recommended_code = true;
  value();
  EXPECT_EQ(head.status, 502);
  head.status = 200;
  head.headers.add(HeaderId::kContentType, "application/grpc");
  value();
  EXPECT_EQ(head.status, 200);
}

TEST(ProxyStatusName, is_a_token_or_a_quoted_string) {
  EXPECT_EQ(proxy_status_name("edge-1.example"), "edge-1.example");
  EXPECT_EQ(proxy_status_name("*any"), "*any");
  EXPECT_EQ(proxy_status_name("1st"), "\"1st\"");
  EXPECT_EQ(proxy_status_name("my \"proxy\""), "\"my \\\"proxy\\\"\"");
  EXPECT_EQ(proxy_status_name(""), "\"\"");
}

}  // namespace
}  // namespace proa::proxy
