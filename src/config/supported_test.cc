#include "config/supported.h"

#include <gmock/gmock.h>
#include <google/protobuf/any.pb.h>
#include <gtest/gtest.h>

#include "config/message_reader.h"
#include "config/reference.h"
#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "envoy/extensions/filters/http/router/v3/router.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"

namespace proa::config {
namespace {

using envoy::config::bootstrap::v3::Bootstrap;
using envoy::config::cluster::v3::Cluster;
using envoy::extensions::filters::http::router::v3::Router;
using envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
using envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
using testing::HasSubstr;
using testing::Not;

SupportedTable table() {
  SupportedTable table;
  table.add(supported<Bootstrap>({"static_resources", "node"}).harmless({"stats_flush_interval"}, "stats are pulled"));
  table.add(supported<Bootstrap::StaticResources>({"clusters"}));
  table.add(supported<envoy::config::core::v3::Node>({"id", "metadata"}).security({"cluster"}));
  table.add(supported<Cluster>({"name", "lb_policy", "connect_timeout"}).only("lb_policy", {"ROUND_ROBIN", "RANDOM"}));
  table.add(supported<HttpConnectionManager>({"stat_prefix", "http_filters"}));
  table.add(supported<HttpFilter>({"name", "typed_config", "is_optional"}).must_know({"typed_config"}));
  table.add(supported<Router>({"dynamic_stats"}));
  table.add(supported<envoy::config::route::v3::FilterConfig>({"config"}));
  return table;
}

template <class Message>
std::string check(std::string_view yaml, bool allow = false) {
  Problems problems;
  Marks marks;
  Message message;
  const auto tree = read_yaml(yaml, "a.yaml", problems);
  read_message(tree->root(), message, marks, problems);
  EXPECT_EQ(problems.str(), "");
  check_supported(message, table(), allow, Site(marks, problems, {}));
  return problems.str();
}

TEST(Supported, what_is_supported_or_harmless_passes) {
  EXPECT_EQ(check<Bootstrap>("node: {id: a, metadata: {x: {y: 1}}}\n"
                             "stats_flush_interval: 5s\n"
                             "static_resources: {clusters: [{name: a, connect_timeout: 1s}]}\n"),
            "");
}

TEST(Supported, an_unsupported_field_is_named_with_path_line_and_value) {
  EXPECT_EQ(check<Bootstrap>("static_resources:\n  clusters:\n  - name: a\n    alt_stat_name: b\n"),
            "a.yaml:4:5: static_resources.clusters[0].alt_stat_name: is \"b\", but is not supported; "
            "remove it, or go on without it by --allow-unsupported\n1 error\n");
}

TEST(Supported, an_unsupported_message_is_reported_once_not_by_its_parts) {
  const std::string report = check<Bootstrap>("static_resources: {listeners: [{name: a}, {name: b}]}");
  EXPECT_THAT(report, HasSubstr("static_resources.listeners: is not supported"));
  EXPECT_THAT(report, HasSubstr("1 error\n"));
}

TEST(Supported, allowing_unsupported_fields_makes_warnings) {
  EXPECT_EQ(check<Bootstrap>("header_prefix: x", true),
            "a.yaml:1:1: warning: header_prefix: is \"x\", but is not supported; it has no effect\n1 warning\n");
}

TEST(Supported, a_security_field_stays_an_error) {
  EXPECT_EQ(check<Bootstrap>("node: {cluster: c}", true),
            "a.yaml:1:8: node.cluster: is \"c\", but is not supported; leaving it out would weaken security, so it "
            "must be removed\n1 error\n");
}

TEST(Supported, an_enum_may_be_supported_in_part) {
  EXPECT_THAT(check<Bootstrap>("static_resources: {clusters: [{name: a, lb_policy: MAGLEV}]}"),
              HasSubstr("lb_policy: MAGLEV is not supported; supported: ROUND_ROBIN or RANDOM"));
}

constexpr std::string_view kFilter = "http_filters:\n- name: x\n  typed_config:\n    '@type': type.googleapis.com/";

TEST(Supported, looks_into_extensions) {
  const std::string text =
      std::string(kFilter) + "envoy.extensions.filters.http.router.v3.Router\n    start_child_span: true\n";
  EXPECT_THAT(check<HttpConnectionManager>(text),
              HasSubstr("a.yaml:5:5: http_filters[0].typed_config.start_child_span: is true, but is not supported"));
}

TEST(Supported, an_extension_without_a_type_is_an_error_but_where_it_turns_a_filter_on) {
  EXPECT_EQ(check<HttpConnectionManager>("http_filters: [{name: a, is_optional: true, typed_config: {}}]", true),
            "a.yaml:1:59: http_filters[0].typed_config: has no '@type', which names the type of what it holds; "
            "write '\"@type\": type.googleapis.com/' and the full name of a message\n1 error\n");
  EXPECT_EQ(check<envoy::config::route::v3::FilterConfig>("config: {}"), "");
}

TEST(Supported, an_unknown_extension_that_may_guard_is_always_an_error) {
  const std::string text = std::string(kFilter) + "envoy.extensions.filters.http.cors.v3.Cors\n";
  EXPECT_THAT(check<HttpConnectionManager>(text, true),
              HasSubstr("a.yaml:3:3: http_filters[0].typed_config: type \"envoy.extensions.filters.http.cors.v3.Cors\" "
                        "is not supported"));
  const std::string optional = check<HttpConnectionManager>(text + "  is_optional: true\n", true);
  EXPECT_THAT(optional, HasSubstr("warning: http_filters[0].typed_config"));
}

TEST(Supported, an_extension_that_is_not_linked_names_the_nearest_supported) {
  HttpConnectionManager manager;
  manager.add_http_filters()->mutable_typed_config()->set_type_url(
      "type.googleapis.com/envoy.config.filter.http.router.v2.Router");
  Problems problems;
  check_supported(manager, table(), false, Site(Marks(), problems, FieldPath("Listener \"a\"")));
  EXPECT_THAT(problems.str(), HasSubstr("Listener \"a\".http_filters[0].typed_config: type "
                                        "\"envoy.config.filter.http.router.v2.Router\" is not supported; did you mean "
                                        "'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router'?"));
}

TEST(Supported, unknown_binary_fields_are_counted) {
  Cluster cluster;
  cluster.GetReflection()->MutableUnknownFields(&cluster)->AddVarint(50000, 1);
  Bootstrap bootstrap;
  *bootstrap.mutable_static_resources()->add_clusters() = cluster;
  Problems problems;
  const auto result = check_supported(bootstrap, table(), false, Site(Marks(), problems, {}));
  EXPECT_EQ(result.unknown_fields, 1u);
  EXPECT_EQ(result.unsupported, 0u);
}

TEST(Supported, mistakes_in_the_table_are_kept_for_a_test) {
  EXPECT_TRUE(table().mistakes().empty());
  SupportedTable wrong;
  wrong.add(supported<Cluster>({"nmae", "name"}).security({"name"}).only("lb_policy", {"FOO"}));
  wrong.add(supported<Cluster>({}));
  EXPECT_EQ(wrong.mistakes(), (std::vector<std::string>{"envoy.config.cluster.v3.Cluster has no field 'nmae'",
                                                        "envoy.config.cluster.v3.Cluster.name is declared twice",
                                                        "envoy.config.cluster.v3.Cluster.lb_policy has no value 'FOO'",
                                                        "envoy.config.cluster.v3.Cluster is declared twice"}));
}

TEST(Reference, tells_of_every_field_how_it_stands) {
  std::string page;
  write_reference(table(), *Bootstrap::descriptor(), page);
  EXPECT_THAT(page, HasSubstr("\n## envoy.config.bootstrap.v3.Bootstrap\n"));
  EXPECT_THAT(page, HasSubstr("| `stats_flush_interval` | Duration | accepted without effect: stats are pulled |"));
  EXPECT_THAT(page, HasSubstr("| `cluster` | string | not supported, always an error (security) |"));
  EXPECT_THAT(page, HasSubstr("| `lb_policy` | LbPolicy | supported: `ROUND_ROBIN`, `RANDOM` |"));
  EXPECT_THAT(page, HasSubstr("| `http_filters` | list of HttpFilter | supported |"));
  EXPECT_THAT(page, HasSubstr("| `typed_extension_protocol_options` | map of Any | not supported |"));
  EXPECT_THAT(page, HasSubstr("- `envoy.config.listener.v3.Listener`\n"));
  EXPECT_THAT(page, Not(HasSubstr("## google.protobuf")));
}

}  // namespace
}  // namespace proa::config
