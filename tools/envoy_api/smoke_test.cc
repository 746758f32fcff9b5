// The generated API works: JSON with Any of linked types parses, the keyword patch leaves JSON names alone, and
// errors name what was not known.
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "envoy/extensions/filters/http/jwt_authn/v3/config.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

using envoy::config::bootstrap::v3::Bootstrap;
using envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
using google::protobuf::util::JsonStringToMessage;

TEST(EnvoyApi, bootstrap_with_hcm_and_router_in_any_parses) {
  Bootstrap bootstrap;
  const auto status = JsonStringToMessage(R"({
    "static_resources": {
      "listeners": [{
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 10000}},
        "filter_chains": [{"filters": [{"name": "hcm", "typed_config": {
          "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
          "stat_prefix": "ingress",
          "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
            {"match": {"prefix": "/"}, "route": {"cluster": "backend", "timeout": "0.25s"}}]}]},
          "http_filters": [{"name": "router", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}]
        }}]}]
      }],
      "clusters": [{"name": "backend", "typed_extension_protocol_options": {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
          "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
          "explicit_http_config": {"http2_protocol_options": {}}}}}]
    }})",
                                          &bootstrap);
  ASSERT_TRUE(status.ok()) << status.ToString();
  HttpConnectionManager hcm;
  ASSERT_TRUE(bootstrap.static_resources().listeners(0).filter_chains(0).filters(0).typed_config().UnpackTo(&hcm));
  EXPECT_EQ(hcm.stat_prefix(), "ingress");
  EXPECT_EQ(hcm.route_config().virtual_hosts(0).routes(0).route().timeout().nanos(), 250'000'000);
}

TEST(EnvoyApi, typed_struct_is_known_in_both_spellings) {
  for (const char* type : {"udpa.type.v1.TypedStruct", "xds.type.v3.TypedStruct"}) {
    google::protobuf::Any any;
    const auto status = JsonStringToMessage(
        std::string(R"({"@type": "type.googleapis.com/)") + type + R"(", "type_url": "a/b", "value": {"x": 1}})", &any);
    EXPECT_TRUE(status.ok()) << type << ": " << status.ToString();
  }
}

TEST(EnvoyApi, a_field_named_as_a_keyword_keeps_its_json_name) {
  envoy::extensions::filters::http::jwt_authn::v3::JwtAuthentication jwt;
  const auto status =
      JsonStringToMessage(R"({"rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "p"}}]})", &jwt);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(jwt.rules(0).requires_().provider_name(), "p");
}

TEST(EnvoyApi, unknown_fields_and_types_are_named) {
  Bootstrap bootstrap;
  EXPECT_NE(JsonStringToMessage(R"({"nodde": {}})", &bootstrap).ToString().find("nodde"), std::string::npos);
  google::protobuf::Any any;
  EXPECT_NE(JsonStringToMessage(R"({"@type": "type.googleapis.com/no.Such"})", &any).ToString().find("no.Such"),
            std::string::npos);
}

TEST(EnvoyApi, opentelemetry_is_new_enough_for_scope_spans) {
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest request;
  request.add_resource_spans()->add_scope_spans();
  EXPECT_EQ(request.resource_spans_size(), 1);
}
