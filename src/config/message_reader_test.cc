#include "config/message_reader.h"

#include <gmock/gmock.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "config/typed_payload.h"
#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"
#include "envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.pb.h"
#include "envoy/type/matcher/v3/string.pb.h"

namespace proa::config {
namespace {

using envoy::config::bootstrap::v3::Bootstrap;
using envoy::config::cluster::v3::Cluster;
using envoy::config::core::v3::Node;
using envoy::config::listener::v3::Listener;
using testing::HasSubstr;

struct Outcome {
  Marks marks;
  Problems problems;
  std::string errors() const { return problems.str(); }
};

Outcome read(std::string_view text, google::protobuf::Message& out, const ReadOptions& options = {}) {
  Outcome outcome;
  const auto tree = read_yaml(text, "a.yaml", outcome.problems);
  if (tree) read_message(tree->root(), out, outcome.marks, outcome.problems, {}, options);
  return outcome;
}

template <class Message>
std::string errors_of(std::string_view text) {
  Message message;
  const std::string errors = read(text, message).errors();
  EXPECT_NE(errors, "");
  return errors;
}

template <class Message>
Message read_well(std::string_view text) {
  Message message;
  EXPECT_EQ(read(text, message).errors(), "");
  return message;
}

std::string testdata(const std::string& name) {
  std::ifstream file(std::filesystem::path(__FILE__).parent_path() / "testdata" / name);
  EXPECT_TRUE(file.good()) << name;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(MessageReader, reads_a_gateway) {
  Bootstrap bootstrap;
  const Outcome outcome = read(testdata("gateway.yaml"), bootstrap);
  ASSERT_EQ(outcome.errors(), "");
  EXPECT_EQ(bootstrap.static_resources().listeners(0).address().socket_address().port_value(), 8080u);
  const auto& filter = bootstrap.static_resources().listeners(0).filter_chains(0).filters(0);
  envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager manager;
  ASSERT_TRUE(filter.typed_config().UnpackTo(&manager));
  EXPECT_EQ(manager.http_filters_size(), 3);
  EXPECT_EQ(manager.stream_idle_timeout().nanos(), 500'000'000);
  EXPECT_EQ(manager.route_config().virtual_hosts(0).routes(1).route().cluster(), "api");
  EXPECT_EQ(manager.route_config().virtual_hosts(0).routes(1).route().timeout().seconds(), 60);
  EXPECT_EQ(bootstrap.static_resources().clusters(0).lb_policy(), Cluster::LEAST_REQUEST);
  EXPECT_EQ(bootstrap.node().metadata().fields().at("weight").number_value(), 1.5);
}

TEST(MessageReader, reads_what_protobufs_own_json_writes) {
  for (const char* file : {"gateway.yaml", "tls.yaml", "tcp.yaml"}) {
    const auto bootstrap = read_well<Bootstrap>(testdata(file));
    std::string json;
    ASSERT_TRUE(google::protobuf::util::MessageToJsonString(bootstrap, &json).ok());
    Problems problems;
    Marks marks;
    Bootstrap again;
    const auto tree = read_json(json, "a.json", problems);
    ASSERT_TRUE(tree.has_value());
    read_message(tree->root(), again, marks, problems);
    EXPECT_EQ(problems.str(), "") << file;
    // Maps have no order: compare as JSON objects.
    std::string printed;
    ASSERT_TRUE(google::protobuf::util::MessageToJsonString(again, &printed).ok());
    EXPECT_EQ(nlohmann::json::parse(printed), nlohmann::json::parse(json)) << file;
  }
}

TEST(MessageReader, marks_reach_into_an_any) {
  Bootstrap bootstrap;
  const Outcome outcome = read(testdata("gateway.yaml"), bootstrap);
  const FieldPath root;
  const FieldPath deep = root / "static_resources.listeners[0].filter_chains[0].filters[0].typed_config";
  EXPECT_EQ(outcome.marks.key(deep / "http_filters[1].typed_config.stat_prefix"), (Mark{"a.yaml", 41, 23}));
  EXPECT_EQ(outcome.marks.find(deep / "http_filters[1].typed_config.stat_prefix"), (Mark{"a.yaml", 41, 36}));
}

TEST(MessageReader, accepts_snake_and_camel_case) {
  const auto cluster = read_well<Cluster>("connectTimeout: 1s\nlb_policy: MAGLEV\n");
  EXPECT_EQ(cluster.connect_timeout().seconds(), 1);
  EXPECT_THAT(errors_of<Cluster>("connectTimeout: 1s\nconnect_timeout: 1s\n"),
              HasSubstr("a.yaml:2:1: connect_timeout: is set twice, also in line 1 by its other spelling"));
}

TEST(MessageReader, an_unknown_field_names_the_nearest) {
  EXPECT_EQ(errors_of<Bootstrap>("static_resources:\n  listeners:\n  - name: a\n    adress: {}\n"),
            "a.yaml:4:5: static_resources.listeners[0].adress: unknown field of Listener; did you mean 'address'?\n"
            "1 error\n");
  EXPECT_THAT(errors_of<Cluster>("hosts: []\n"), HasSubstr("Envoy's v3 API has 'load_assignment' instead"));
}

TEST(MessageReader, unknown_fields_may_be_warnings) {
  Cluster cluster;
  EXPECT_TRUE(read("naem: a\n", cluster, {.unknown_fields_are_warnings = true}).problems.ok());
}

TEST(MessageReader, all_errors_are_reported) {
  Cluster cluster;
  EXPECT_EQ(read("nme: a\nconnect_timeout: 5\nlb_policy: FOO\n", cluster).problems.errors(), 3u);
}

TEST(MessageReader, whole_numbers_are_checked_for_kind_and_range) {
  using envoy::config::core::v3::SocketAddress;
  EXPECT_EQ(read_well<SocketAddress>("port_value: '80'").port_value(), 80u);
  EXPECT_THAT(errors_of<SocketAddress>("port_value: -1"),
              HasSubstr("port_value: is -1, but must be a whole number from 0 to 4294967295"));
  EXPECT_THAT(errors_of<SocketAddress>("port_value: 4294967296"), HasSubstr("from 0 to 4294967295"));
  EXPECT_THAT(errors_of<SocketAddress>("port_value: 80.5"), HasSubstr("is 80.5, but must be a whole number"));
  EXPECT_THAT(errors_of<SocketAddress>("port_value: http"), HasSubstr("is \"http\", but must be a whole number"));
  EXPECT_THAT(errors_of<SocketAddress>("port_value: [80]"), HasSubstr("is a list, but takes one value"));
  EXPECT_THAT(errors_of<SocketAddress>("port_value: {a: 1}"), HasSubstr("is a mapping, but must be a whole number"));
  EXPECT_EQ(read_well<google::protobuf::Int64Value>("'-9223372036854775808'").value(), INT64_MIN);
  EXPECT_THAT(errors_of<google::protobuf::Int64Value>("-9223372036854775809"), HasSubstr("a whole number from"));
}

TEST(MessageReader, only_true_and_false_are_booleans) {
  EXPECT_TRUE(read_well<google::protobuf::BoolValue>("true").value());
  EXPECT_THAT(errors_of<google::protobuf::BoolValue>("yes"),
              HasSubstr("is \"yes\", but must be true or false; write true"));
  EXPECT_THAT(errors_of<google::protobuf::BoolValue>("'true'"), HasSubstr("remove the quotes"));
}

TEST(MessageReader, a_number_is_no_string) {
  EXPECT_THAT(errors_of<Node>("id: 5"), HasSubstr("id: is 5, but must be a string; write \"5\""));
  EXPECT_THAT(errors_of<Node>("id: true"), HasSubstr("is true, but must be a string"));
  EXPECT_EQ(read_well<Node>("id: 1.10.2").id(), "1.10.2");
  EXPECT_EQ(read_well<Node>("id: no").id(), "no");
}

TEST(MessageReader, bytes_are_base64) {
  EXPECT_EQ(read_well<google::protobuf::BytesValue>("aGk=").value(), "hi");
  EXPECT_THAT(errors_of<google::protobuf::BytesValue>("a*"), HasSubstr("is \"a*\", but must be bytes in base64"));
}

TEST(MessageReader, enums_are_names_or_numbers) {
  EXPECT_EQ(read_well<Cluster>("lb_policy: 1").lb_policy(), Cluster::LEAST_REQUEST);
  EXPECT_THAT(errors_of<Cluster>("lb_policy: round_robin"),
              HasSubstr("lb_policy: is \"round_robin\", which is no LbPolicy; did you mean 'ROUND_ROBIN'?"));
  EXPECT_THAT(errors_of<Cluster>("lb_policy: 99"), HasSubstr("is 99, which is no LbPolicy; write ROUND_ROBIN, "));
}

TEST(MessageReader, a_list_is_never_made_from_a_single_value) {
  EXPECT_THAT(errors_of<Bootstrap>("static_resources: {clusters: {name: a}}"),
              HasSubstr("static_resources.clusters: is a mapping, but must be a list; begin each item with '- '"));
  EXPECT_THAT(errors_of<Bootstrap>("static_resources: [1]"),
              HasSubstr("is a list, but must be a mapping (envoy.config.bootstrap.v3.Bootstrap.StaticResources); "
                        "it takes one value: remove the '- '"));
}

TEST(MessageReader, null_leaves_a_field_unset) {
  const auto cluster = read_well<Cluster>("name: ~\nload_assignment:\n");
  EXPECT_FALSE(cluster.has_load_assignment());
  EXPECT_THAT(errors_of<Bootstrap>("static_resources: {clusters: [~]}"), HasSubstr("clusters[0]: is null"));
}

TEST(MessageReader, two_members_of_a_oneof_are_an_error_that_names_both) {
  EXPECT_EQ(errors_of<envoy::type::matcher::v3::StringMatcher>("exact: a\nprefix: b\n"),
            "a.yaml:2:1: prefix: cannot be set together with 'exact' (line 1): they are alternatives; "
            "remove one of the two\n1 error\n");
}

TEST(MessageReader, a_duration_error_explains_the_form) {
  EXPECT_EQ(read_well<google::protobuf::Duration>("-1.5s").nanos(), -500'000'000);
  const auto error = [](std::string_view text) { return errors_of<google::protobuf::Duration>(text); };
  EXPECT_THAT(error("5"),
              HasSubstr("is \"5\", but a duration is a number of seconds with an 's' after it; write \"5s\""));
  EXPECT_THAT(error("250ms"), HasSubstr("write \"0.25s\""));
  EXPECT_THAT(error("5m"), HasSubstr("write \"300s\""));
  EXPECT_THAT(error("1h"), HasSubstr("write \"3600s\""));
  EXPECT_THAT(error("{seconds: 1}"), HasSubstr("must be a duration like \"0.25s\"; write seconds and nanos as one"));
  EXPECT_THAT(error("315576000001s"), HasSubstr("the longest duration is 315576000000s"));
  EXPECT_THAT(error("99999999999999999999s"), HasSubstr("the longest duration"));
  EXPECT_THAT(error("0.1234567891s"), HasSubstr("finer than a nanosecond"));
  for (const char* text : {"s", "-s", ".5s", "1.s", "1..2s", "1e3s", "--1s", "+1s", "foo"}) {
    EXPECT_THAT(error(text), HasSubstr("but a duration is")) << text;
  }
}

TEST(MessageReader, any_needs_a_type_it_knows) {
  using google::protobuf::Any;
  EXPECT_THAT(errors_of<Any>("{a: 1}"), HasSubstr("has no '@type'"));
  EXPECT_THAT(errors_of<Any>("'@type': google.protobuf.Duration"),
              HasSubstr("write type.googleapis.com/google.protobuf.Duration"));
  EXPECT_THAT(errors_of<Any>("'@type': type.googleapis.com/envoy.config.filter.http.router.v2.Router"),
              HasSubstr("a.yaml:1:10: @type: type \"envoy.config.filter.http.router.v2.Router\" is not known; "
                        "did you mean 'envoy.extensions.filters.http.router.v3.Router'?"));
}

TEST(MessageReader, well_known_types_within_an_any_stand_under_value) {
  const auto any =
      read_well<google::protobuf::Any>("{'@type': type.googleapis.com/google.protobuf.Duration, value: 2s}");
  google::protobuf::Duration duration;
  ASSERT_TRUE(any.UnpackTo(&duration));
  EXPECT_EQ(duration.seconds(), 2);
  EXPECT_THAT(errors_of<google::protobuf::Any>("{'@type': type.googleapis.com/google.protobuf.Duration, seconds: 2}"),
              HasSubstr("a Duration within an Any stands under 'value'"));
  read_well<google::protobuf::Any>("'@type': type.googleapis.com/google.protobuf.Empty");
  read_well<google::protobuf::Any>("{'@type': type.googleapis.com/google.protobuf.Empty, value: {}}");
}

TEST(MessageReader, reads_struct_timestamp_and_field_mask) {
  const auto value = read_well<google::protobuf::Struct>(
      "{a: 1, b: '1', c: true, d: ~, e: [x, {y: 2}], f: 9007199254740993, g: 0x10}");
  EXPECT_EQ(value.fields().at("a").number_value(), 1);
  EXPECT_EQ(value.fields().at("b").string_value(), "1");
  EXPECT_TRUE(value.fields().at("c").bool_value());
  EXPECT_TRUE(value.fields().at("d").has_null_value());
  EXPECT_EQ(value.fields().at("e").list_value().values(1).struct_value().fields().at("y").number_value(), 2);
  EXPECT_EQ(value.fields().at("f").string_value(), "9007199254740993");
  EXPECT_EQ(value.fields().at("g").number_value(), 16);
  EXPECT_EQ(read_well<google::protobuf::Timestamp>("2026-01-31T12:00:00Z").seconds(), 1769860800);
  EXPECT_THAT(errors_of<google::protobuf::Timestamp>("yesterday"), HasSubstr("RFC 3339"));
  EXPECT_EQ(read_well<google::protobuf::FieldMask>("a,fooBar.baz").paths(1), "foo_bar.baz");
  EXPECT_THAT(errors_of<google::protobuf::FieldMask>("'a b'"), HasSubstr("list of field names"));
}

TEST(MessageReader, a_typed_struct_is_checked_as_the_type_it_names) {
  constexpr std::string_view kForm =
      "'@type': type.googleapis.com/udpa.type.v1.TypedStruct\n"
      "type_url: type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy\n"
      "value:\n";
  google::protobuf::Any any;
  const Outcome outcome = read(std::string(kForm) + "  statPrefix: a\n  cluster: b\n", any);
  ASSERT_EQ(outcome.errors(), "");
  const FieldPath root;
  EXPECT_EQ(outcome.marks.find(root / "value.stat_prefix").line, 4u);
  const auto payload = open_any(any);
  ASSERT_TRUE(payload.has_value());
  EXPECT_EQ(payload->inside(root).str(), "value");
  const auto& proxy =
      dynamic_cast<const envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy&>(*payload->message);
  EXPECT_EQ(proxy.stat_prefix(), "a");
  EXPECT_THAT(errors_of<google::protobuf::Any>(std::string(kForm) + "  stat_prefx: a\n"),
              HasSubstr("a.yaml:4:3: value.stat_prefx: unknown field of TcpProxy; did you mean 'stat_prefix'?"));
}

TEST(MessageReader, map_keys_are_checked_for_their_type) {
  const auto options = read_well<envoy::config::core::v3::Metadata>("filter_metadata: {envoy.lb: {a: 1}, 80: {}}");
  EXPECT_EQ(options.filter_metadata().size(), 2u);
  EXPECT_THAT(errors_of<envoy::config::core::v3::Metadata>("filter_metadata: {envoy.lb: 1}"),
              HasSubstr("filter_metadata[\"envoy.lb\"]: is 1, but must be a mapping"));
}

TEST(MessageReader, a_secret_is_never_repeated_in_an_error) {
  const std::string errors = errors_of<Bootstrap>(
      "static_resources: {secrets: [{tls_certificate: {private_key: {inline_bytes: 'hunter2*'}}}]}");
  EXPECT_THAT(errors, HasSubstr("is a hidden value, but must be bytes in base64"));
  EXPECT_EQ(errors.find("hunter2"), std::string::npos);
}

TEST(MessageReader, an_empty_document_says_what_is_missing) {
  EXPECT_THAT(errors_of<Bootstrap>("# nothing\n"),
              HasSubstr("is empty; write a mapping (envoy.config.bootstrap.v3.Bootstrap)"));
}

TEST(OpenAny, names_what_it_cannot_open) {
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/a.B");
  EXPECT_EQ(open_any(any).error().message, "type \"a.B\" is not known");
  any.set_type_url("type.googleapis.com/google.protobuf.Duration");
  any.set_value("\xFF");
  EXPECT_EQ(open_any(any).error().message, "its bytes are not a google.protobuf.Duration");
}

TEST(MessageReader, calls_fields_by_their_json_names_if_asked) {
  Cluster cluster;
  const Outcome outcome =
      read("connectTimeout: 5x\nlbPolicie: RANDOM\n", cluster, {.json_names = true, .go_durations = true});
  EXPECT_EQ(outcome.errors(),
            "a.yaml:1:17: connectTimeout: is \"5x\", which is no duration; write numbers with units, as \"1h30m\", "
            "\"5s\" or \"250ms\"\n"
            "a.yaml:2:1: lbPolicie: unknown field of Cluster; did you mean 'lbPolicy'?\n2 errors\n");
}

TEST(MessageReader, reads_durations_of_go_if_asked) {
  Cluster cluster;
  EXPECT_EQ(read("connect_timeout: 1m500ms", cluster, {.go_durations = true}).errors(), "");
  EXPECT_EQ(cluster.connect_timeout().seconds(), 60);
  EXPECT_EQ(cluster.connect_timeout().nanos(), 500'000'000);
}

}  // namespace
}  // namespace proa::config
