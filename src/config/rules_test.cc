#include "config/rules.h"

#include <gmock/gmock.h>
#include <google/protobuf/any.pb.h>
#include <gtest/gtest.h>

#include "config/config_file.h"
#include "config/message_reader.h"
#include "config/string_rules.h"
#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/core/v3/health_check.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "validate/validate.pb.h"

namespace proa::config {
namespace {

using envoy::config::bootstrap::v3::Bootstrap;
using envoy::config::cluster::v3::Cluster;
using testing::HasSubstr;

template <class Message>
std::string broken(std::string_view yaml) {
  Problems problems;
  Marks marks;
  Message message;
  const auto tree = read_yaml(yaml, "a.yaml", problems);
  read_message(tree->root(), message, marks, problems);
  EXPECT_EQ(problems.str(), "");
  check_rules(message, Site(marks, problems, {}));
  return problems.str();
}

TEST(Rules, a_string_must_not_be_empty) {
  EXPECT_EQ(broken<Cluster>("type: STATIC"), "a.yaml:1:1: name: must not be empty\n1 error\n");
  EXPECT_EQ(broken<Cluster>("name: ''"), "a.yaml:1:7: name: is \"\", but must not be empty\n1 error\n");
  EXPECT_EQ(broken<Cluster>("name: a"), "");
}

TEST(Rules, a_number_has_bounds) {
  EXPECT_EQ(broken<envoy::config::core::v3::SocketAddress>("{address: a, port_value: 70000}"),
            "a.yaml:1:26: port_value: is 70000, but must be at most 65535\n1 error\n");
}

TEST(Rules, a_wrapper_has_the_bounds_of_its_field) {
  EXPECT_EQ(broken<envoy::config::core::v3::Http2ProtocolOptions>("max_concurrent_streams: 0"),
            "a.yaml:1:25: max_concurrent_streams: is 0, but must be at least 1 and at most 2147483647\n1 error\n");
}

TEST(Rules, a_duration_has_bounds) {
  EXPECT_EQ(broken<Cluster>("{name: a, connect_timeout: 0s}"),
            "a.yaml:1:28: connect_timeout: is 0s, but must be above 0s\n1 error\n");
}

TEST(Rules, a_required_message_is_missed) {
  EXPECT_THAT(broken<envoy::config::core::v3::HealthCheck>(
                  "{timeout: 1s, interval: 1s, healthy_threshold: 1, tcp_health_check: {}}"),
              HasSubstr("a.yaml:1:1: unhealthy_threshold: is required (google.protobuf.UInt32Value)"));
}

TEST(Rules, a_required_duration_is_missed) {
  EXPECT_THAT(broken<envoy::config::core::v3::HealthCheck>("{interval: 1s, tcp_health_check: {}}"),
              HasSubstr("timeout: is required (google.protobuf.Duration)"));
}

TEST(Rules, a_oneof_needs_a_member) {
  EXPECT_EQ(broken<envoy::config::core::v3::Address>("{}"),
            "a.yaml:1:1: needs one of socket_address, pipe or envoy_internal_address\n1 error\n");
}

TEST(Rules, a_list_needs_items_that_are_unique) {
  EXPECT_THAT(broken<envoy::config::route::v3::VirtualHost>("name: a"),
              HasSubstr("domains: has 0 items, but needs at least 1"));
  EXPECT_THAT(
      broken<envoy::config::core::v3::HealthCheck::HttpHealthCheck>("{path: /, request_headers_to_remove: [\"a\\r\"]}"),
      HasSubstr("request_headers_to_remove[0]: is \"a\\x0d\", but must not contain a line break or NUL"));
}

TEST(Rules, an_enum_must_be_defined) {
  Problems problems;
  Marks marks;
  Cluster cluster;
  cluster.set_name("a");
  cluster.set_lb_policy(static_cast<Cluster::LbPolicy>(99));
  check_rules(cluster, Site(marks, problems, FieldPath("Cluster \"a\"")));
  EXPECT_THAT(problems.str(),
              HasSubstr("Cluster \"a\".lb_policy: must be a value of envoy.config.cluster.v3.Cluster.LbPolicy"));
}

TEST(Rules, reach_through_any_and_typed_struct) {
  EXPECT_EQ(broken<google::protobuf::Any>(
                "'@type': type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy\ncluster: a\n"),
            "a.yaml:1:1: stat_prefix: must not be empty\n1 error\n");
  EXPECT_EQ(broken<google::protobuf::Any>(
                "'@type': type.googleapis.com/xds.type.v3.TypedStruct\n"
                "type_url: type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy\n"
                "value: {cluster: a, stat_prefix: ''}\n"),
            "a.yaml:3:34: value.stat_prefix: is \"\", but must not be empty\n1 error\n");
}

TEST(Rules, a_hostile_depth_of_any_is_refused) {
  google::protobuf::Any any;
  for (int i = 0; i < 2000; ++i) {
    google::protobuf::Any outer;
    outer.PackFrom(any);
    any = outer;
  }
  Problems problems;
  Marks marks;
  check_rules(any, Site(marks, problems, FieldPath("x")));
  EXPECT_THAT(problems.str(), HasSubstr("is nested in more than 24 Any"));
}

TEST(Rules, the_testdata_is_valid) {
  for (const std::string file : {"gateway", "tls", "tcp"}) {
    Problems problems;
    Marks marks;
    Bootstrap bootstrap;
    const std::string here = __FILE__;
    read_config({.file = here.substr(0, here.rfind('/')) + "/testdata/" + file + ".yaml", .yaml = {}}, bootstrap, marks,
                problems);
    check_rules(bootstrap, Site(marks, problems, {}));
    EXPECT_EQ(problems.str(), "");
  }
}

std::string rule(const char* text, std::string_view value) {
  validate::StringRules rules;
  const std::string_view name = text;
  if (name == "uri") rules.set_uri(true);
  if (name == "hostname") rules.set_hostname(true);
  if (name == "address") rules.set_address(true);
  if (name == "ip") rules.set_ip(true);
  if (name == "email") rules.set_email(true);
  if (name == "uuid") rules.set_uuid(true);
  if (name == "header name") rules.set_well_known_regex(validate::HTTP_HEADER_NAME);
  if (name == "header value") rules.set_well_known_regex(validate::HTTP_HEADER_VALUE);
  return broken_rule(rules, value).value_or("");
}

TEST(StringRules, know_the_well_known_forms) {
  EXPECT_EQ(rule("uri", "https://a.example/x?y"), "");
  EXPECT_NE(rule("uri", "/x"), "");
  EXPECT_NE(rule("uri", "1a:b"), "");
  EXPECT_EQ(rule("hostname", "a.example."), "");
  EXPECT_NE(rule("hostname", "a..b"), "");
  EXPECT_NE(rule("hostname", "-a"), "");
  EXPECT_EQ(rule("address", "::1"), "");
  EXPECT_EQ(rule("ip", "10.0.0.1"), "");
  EXPECT_NE(rule("ip", "10.0.0.256"), "");
  EXPECT_EQ(rule("email", "a@b.example"), "");
  EXPECT_NE(rule("email", "a@"), "");
  EXPECT_EQ(rule("uuid", "123e4567-e89b-12d3-a456-426614174000"), "");
  EXPECT_NE(rule("uuid", "123e4567"), "");
}

TEST(StringRules, header_names_and_values_hold_no_control_characters) {
  EXPECT_EQ(rule("header name", ":path"), "");
  EXPECT_EQ(rule("header name", "x-a"), "");
  EXPECT_NE(rule("header name", "x a"), "");
  EXPECT_NE(rule("header name", ""), "");
  EXPECT_EQ(rule("header value", "a\tb"), "");
  EXPECT_NE(rule("header value", "a\nb"), "");
}

TEST(StringRules, lengths_count_characters_or_bytes) {
  validate::StringRules rules;
  rules.set_max_len(2);
  EXPECT_EQ(broken_rule(rules, "\xC3\xA9\xC3\xA9"), std::nullopt);
  rules.set_max_bytes(3);
  EXPECT_EQ(broken_rule(rules, "\xC3\xA9\xC3\xA9"), "must have at most 3 bytes, but has 4");
}

TEST(StringRules, patterns_prefixes_and_sets) {
  validate::StringRules rules;
  rules.set_pattern("^[a-z]+$");
  EXPECT_EQ(broken_rule(rules, "A"), "must match the regular expression ^[a-z]+$");
  rules.set_prefix("a");
  EXPECT_EQ(broken_rule(rules, "b"), "must begin with \"a\"");
  rules.add_in("aa");
  rules.add_in("ab");
  EXPECT_EQ(broken_rule(rules, "ac"), "must be \"aa\" or \"ab\"");
  rules.set_ignore_empty(true);
  EXPECT_EQ(broken_rule(rules, ""), std::nullopt);
}

}  // namespace
}  // namespace proa::config
