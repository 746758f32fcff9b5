#include "config/redact.h"

#include <gmock/gmock.h>
#include <google/protobuf/any.pb.h>
#include <gtest/gtest.h>

#include "config/message_reader.h"
#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/tls.pb.h"

namespace proa::config {
namespace {

using envoy::config::bootstrap::v3::Bootstrap;
using testing::HasSubstr;
using testing::Not;

template <class Message>
std::string dump(std::string_view yaml) {
  Problems problems;
  Marks marks;
  Message message;
  const auto tree = read_yaml(yaml, "a.yaml", problems);
  read_message(tree->root(), message, marks, problems);
  EXPECT_EQ(problems.str(), "");
  redact(message);
  return to_json(message, false).value();
}

TEST(Redact, hides_private_keys_and_passwords_and_nothing_else) {
  const std::string json = dump<Bootstrap>(
      "static_resources: {secrets: [{name: a, tls_certificate: {private_key: {inline_string: hunter2}, "
      "password: {filename: /hunter2}, certificate_chain: {filename: /etc/a.crt}}}]}");
  EXPECT_THAT(json, Not(HasSubstr("hunter2")));
  EXPECT_THAT(json, HasSubstr("\"private_key\":{\"inline_string\":\"[redacted]\"}"));
  EXPECT_THAT(json, HasSubstr("/etc/a.crt"));
}

constexpr std::string_view kContext =
    "common_tls_context: {tls_certificates: [{private_key: {inline_bytes: aHVudGVyMg==}}], alpn_protocols: [h2]}";

TEST(Redact, reaches_into_an_any) {
  const std::string json = dump<google::protobuf::Any>(
      "'@type': type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext\n" +
      std::string(kContext));
  EXPECT_THAT(json, Not(HasSubstr("aHVudGVyMg")));
  EXPECT_THAT(json, HasSubstr("h2"));
}

TEST(Redact, a_typed_struct_with_a_secret_is_hidden_as_a_whole) {
  const std::string form =
      "'@type': type.googleapis.com/xds.type.v3.TypedStruct\n"
      "type_url: type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext\n";
  EXPECT_THAT(dump<google::protobuf::Any>(form + "value:\n  " + std::string(kContext)), Not(HasSubstr("aHVudGVyMg")));
  EXPECT_THAT(dump<google::protobuf::Any>(form + "value: {sni: a.example}"), HasSubstr("a.example"));
}

TEST(Redact, a_typed_struct_of_an_unknown_type_is_hidden) {
  EXPECT_THAT(dump<google::protobuf::Any>("'@type': type.googleapis.com/xds.type.v3.TypedStruct\n"
                                          "type_url: type.googleapis.com/com.acme.Plugin\nvalue: {token: hunter2}\n"),
              Not(HasSubstr("hunter2")));
}

TEST(Redact, an_any_of_an_unknown_type_is_hidden) {
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/com.acme.Plugin");
  any.set_value("hunter2");
  redact(any);
  const std::string json = to_json(any).value();
  EXPECT_THAT(json, HasSubstr("com.acme.Plugin"));
  EXPECT_THAT(json, Not(HasSubstr("hunter2")));
}

TEST(ToJson, keeps_proto_names_and_resolves_any) {
  EXPECT_EQ(
      dump<google::protobuf::Any>(
          "{'@type': type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, stat_prefix: a}"),
      "{\"@type\":\"type.googleapis.com/"
      "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy\",\"stat_prefix\":\"a\"}");
}

TEST(ToJson, names_an_any_that_it_cannot_resolve) {
  Bootstrap bootstrap;
  auto& any = *bootstrap.add_bootstrap_extensions()->mutable_typed_config();
  any.set_type_url("type.googleapis.com/a.B");
  any.set_value("x");
  EXPECT_THAT(to_json(bootstrap, false).value(), HasSubstr("\"unknown_type\":\"type.googleapis.com/a.B\""));
}

}  // namespace
}  // namespace proa::config
