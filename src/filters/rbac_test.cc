#include <gtest/gtest.h>

#include "filters/all.h"
#include "filters/fake_exchange.h"
#include "net/transport.h"
#include "observe/metadata.h"
#include "observe/registry.h"

namespace proa::filters {
namespace {

namespace rbac = route::rbac;

/// Policies with one named policy, which matches the path /in.
std::shared_ptr<const rbac::Policies> policies(rbac::Action action, std::string name = "p") {
  auto made = std::make_shared<rbac::Policies>();
  made->action = action;
  made->policies.push_back({std::move(name), {{rbac::UrlPath{http::StringMatcher::exact("/in")}}}, {{rbac::Any{}}}});
  return made;
}

struct RbacTest : testing::Test {
  observe::Registry registry;
  RbacStats stats{
      std::make_shared<observe::StatGroup>(registry, kRbacSchema, observe::StatName{"edge", {}}),
      std::make_shared<observe::StatGroup>(registry, kRbacShadowSchema, observe::StatName{"edge.rbac", {}})};
  std::shared_ptr<RbacConfig> config = std::make_shared<RbacConfig>();
  enum { kAllowed, kDenied };

  Verdict verdict(FakeExchange& x, std::string_view path) {
    x.head.path = path;
    return x.request_head();
  }
  std::string metadata(FakeExchange& x, std::string_view space, std::string_view key) {
    return observe::mutable_metadata(x.stream_info, x.memory).root[std::string(space)][std::string(key)].dump();
  }
};

TEST_F(RbacTest, allow_lets_in_what_matches) {
  config->rules = policies(rbac::Action::kAllow);
  FakeExchange x(make_rbac(config, stats));
  EXPECT_EQ(verdict(x, "/in"), Verdict::kContinue);
  EXPECT_FALSE(x.reply);
  EXPECT_EQ(verdict(x, "/out"), Verdict::kDone);
  ASSERT_TRUE(x.reply);
  EXPECT_EQ(x.reply->status, 403);
  EXPECT_EQ(x.reply->body, "RBAC: access denied");
  EXPECT_EQ(x.reply->details, "rbac_access_denied_matched_policy[none]");
  EXPECT_EQ(stats.enforced->value(kAllowed), 1);
  EXPECT_EQ(stats.enforced->value(kDenied), 1);
}

TEST_F(RbacTest, deny_names_its_policy_in_one_word) {
  config->rules = policies(rbac::Action::kDeny, "not in here");
  FakeExchange x(make_rbac(config, stats));
  EXPECT_EQ(verdict(x, "/out"), Verdict::kContinue);
  EXPECT_EQ(verdict(x, "/in"), Verdict::kDone);
  EXPECT_EQ(x.reply->details, "rbac_access_denied_matched_policy[not_in_here]");
}

TEST_F(RbacTest, foresees_what_it_would_decide_and_counts_nothing) {
  config->rules = policies(rbac::Action::kAllow);
  config->shadow = policies(rbac::Action::kDeny, "strict");
  FakeExchange x(make_rbac(config, stats));
  x.head.path = "/in";
  const auto in = x.filter().foresee(x, nullptr);
  ASSERT_TRUE(in);
  EXPECT_EQ(in->what, Foreseen::What::kPass);
  EXPECT_EQ(in->why, "p allows it; of the shadow rules strict denies it");
  x.head.path = "/out";
  const auto out = x.filter().foresee(x, nullptr);
  EXPECT_EQ(out->what, Foreseen::What::kDeny);
  EXPECT_EQ(out->why, "p does not allow it; of the shadow rules no policy denies it");
  EXPECT_EQ(stats.enforced->value(kAllowed) + stats.enforced->value(kDenied), 0);
  EXPECT_EQ(stats.shadow->value(kAllowed) + stats.shadow->value(kDenied), 0);
}

TEST_F(RbacTest, log_lets_everything_in_and_leaves_a_hint) {
  config->rules = policies(rbac::Action::kLog);
  FakeExchange in(make_rbac(config, stats)), out(make_rbac(config, stats));
  EXPECT_EQ(verdict(in, "/in"), Verdict::kContinue);
  EXPECT_EQ(verdict(out, "/out"), Verdict::kContinue);
  EXPECT_EQ(metadata(in, "envoy.common", "access_log_hint"), "true");
  EXPECT_EQ(metadata(out, "envoy.common", "access_log_hint"), "false");
  EXPECT_EQ(stats.enforced->value(kAllowed), 2);
}

TEST_F(RbacTest, without_rules_nothing_is_decided) {
  FakeExchange x(make_rbac(config, stats));
  EXPECT_EQ(verdict(x, "/in"), Verdict::kContinue);
  EXPECT_EQ(stats.enforced->value(kAllowed), 0);
}

TEST_F(RbacTest, shadow_rules_are_counted_and_told_but_not_enforced) {
  config->shadow = policies(rbac::Action::kDeny, "shadowed");
  config->shadow_prefix = "s_";
  FakeExchange x(make_rbac(config, stats));
  EXPECT_EQ(verdict(x, "/in"), Verdict::kContinue);
  EXPECT_EQ(stats.shadow->value(kDenied), 1);
  EXPECT_EQ(metadata(x, "envoy.filters.http.rbac", "s_shadow_engine_result"), "\"denied\"");
  EXPECT_EQ(metadata(x, "envoy.filters.http.rbac", "s_shadow_effective_policy_id"), "\"shadowed\"");
  FakeExchange other(make_rbac(config, stats));
  verdict(other, "/out");
  EXPECT_EQ(stats.shadow->value(kAllowed), 1);
  EXPECT_EQ(metadata(other, "envoy.filters.http.rbac", "s_shadow_engine_result"), "\"allowed\"");
  EXPECT_EQ(metadata(other, "envoy.filters.http.rbac", "s_shadow_effective_policy_id"), "null");
}

TEST_F(RbacTest, a_routes_own_rules_stand_instead) {
  config->rules = policies(rbac::Action::kDeny);
  RbacConfig own;
  own.rules = policies(rbac::Action::kAllow);
  FakeExchange x(make_rbac(config, stats));
  x.of_route = &own;
  EXPECT_EQ(verdict(x, "/in"), Verdict::kContinue);
  EXPECT_EQ(verdict(x, "/out"), Verdict::kDone);
}

TEST_F(RbacTest, a_route_that_only_turns_it_on_leaves_the_rules_in_force) {
  config->rules = policies(rbac::Action::kDeny);
  FakeExchange x(make_rbac(config, stats));
  const route::PerFilterConfig on;
  x.of_route = &on;
  EXPECT_EQ(verdict(x, "/in"), Verdict::kDone);
}

TEST_F(RbacTest, a_connection_is_judged_by_what_is_known_of_it) {
  auto ports = std::make_shared<rbac::Policies>();
  ports->policies.push_back({"ports", {{rbac::DestinationPort{8000, 8999}}}, {{rbac::Any{}}}});
  config->rules = ports;
  auto filter = make_network_rbac(
      config,
      {std::make_shared<observe::StatGroup>(registry, kNetworkRbacSchema, observe::StatName{"tcp", {}}), stats.shadow});
  Arena arena;
  auto admitted = [&](std::string_view local) {
    net::ConnectionInfo connection;
    connection.local = net::Address::parse(local).value();
    observe::StreamInfo info;
    info.downstream = &connection;
    const bool in = filter->admit(info, arena);
    EXPECT_EQ(info.connection_termination_details, in ? "" : "rbac_access_denied_matched_policy[none]");
    return in;
  };
  EXPECT_TRUE(admitted("127.0.0.1:8080"));
  EXPECT_FALSE(admitted("127.0.0.1:80"));
}

}  // namespace
}  // namespace proa::filters
