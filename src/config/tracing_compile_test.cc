#include "config/tracing_compile.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "config/supported.h"
#include "config/test_compile.h"

namespace proa::config {
namespace {

using envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
using proxy::CustomTag;
using proxy::ExportProtocol;
using proxy::Propagation;
using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

struct TracingCompile : CompileTest {
  TracingCompile() { compiler.clusters = {"collector"}; }
  /// `yaml` is what stands under `tracing`.
  std::shared_ptr<const proxy::Tracer> compile(std::string_view yaml) {
    const auto manager = read<HttpConnectionManager>("{stat_prefix: main, tracing: " + std::string(yaml) + "}");
    return compile_tracing(manager, at / "tracing", compiler);
  }
  static std::string provider(std::string_view type, std::string_view fields) {
    return "{provider: {name: p, typed_config: {\"@type\": type.googleapis.com/envoy.config.trace.v3." +
           std::string(type) + ", " + std::string(fields) + "}}}";
  }
};

TEST_F(TracingCompile, shares_and_limits) {
  auto to = compile(
      "{client_sampling: {value: 50}, random_sampling: {value: 0.5}, max_path_tag_length: 10, "
      "verbose: true, spawn_upstream_span: true}");
  EXPECT_EQ(problems.str(), "");
  EXPECT_EQ(to->client_sampling.fallback.numerator, 5000U);
  EXPECT_EQ(to->random_sampling.fallback.numerator, 50U);
  EXPECT_EQ(to->random_sampling.fallback.denominator, 10'000U);
  EXPECT_TRUE(to->overall_sampling.includes(99'999, nullptr));
  EXPECT_EQ(to->max_path, 10U);
  EXPECT_TRUE(to->verbose && to->upstream_span);
  EXPECT_EQ(to->node_id, "node-1");
  EXPECT_EQ(to->exporter, nullptr);
  EXPECT_EQ(to->propagation, Propagation::kNone);
}

TEST_F(TracingCompile, custom_tags_of_every_kind) {
  ::setenv("PROA_TEST_TAG", "from-env", 1);
  auto to = compile(
      "{custom_tags: [{tag: a, literal: {value: x}}, {tag: b, environment: {name: PROA_TEST_TAG}}, "
      "{tag: c, environment: {name: PROA_NO_SUCH, default_value: d}}, "
      "{tag: d, request_header: {name: X-User}}, "
      "{tag: e, metadata: {kind: {route: {}}, metadata_key: {key: k, path: [{key: p}]}}}, "
      "{tag: f, value: '%RESPONSE_CODE%'}]}");
  EXPECT_EQ(problems.str(), "");
  observe::StreamInfo info;
  info.response_code = 204;
  ASSERT_EQ(to->tags.size(), 6U);
  EXPECT_EQ(to->tags[0].value(info), "x");
  EXPECT_EQ(to->tags[1].value(info), "from-env");
  EXPECT_EQ(to->tags[2].value(info), "d");
  EXPECT_EQ(to->tags[3].text, "x-user");
  EXPECT_EQ(to->tags[3].value(info), std::nullopt);
  EXPECT_EQ(to->tags[4].source, observe::MetadataSource::kRoute);
  EXPECT_EQ(to->tags[4].value(info), std::nullopt);
  EXPECT_EQ(to->tags[5].value(info), "204");
}

TEST_F(TracingCompile, opentelemetry_over_grpc) {
  auto to =
      compile(provider("OpenTelemetryConfig",
                       "service_name: shop, max_cache_size: 7, grpc_service: {envoy_grpc: {cluster_name: collector, "
                       "authority: otel.test}, timeout: 3s, initial_metadata: [{key: X-Token, value: t}]}"));
  EXPECT_EQ(problems.str(), "");
  ASSERT_TRUE(to->exporter);
  const proxy::ExportSpec& spec = *to->exporter;
  EXPECT_EQ(spec.protocol, ExportProtocol::kOtlpGrpc);
  EXPECT_EQ(spec.path, "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
  EXPECT_EQ(spec.authority, "otel.test");
  EXPECT_EQ(spec.timeout, Milliseconds(3000));
  EXPECT_EQ(spec.max_queue, 7U);
  EXPECT_THAT(spec.headers, Contains(Pair("x-token", "t")));
  EXPECT_THAT(spec.resource, Contains(Pair("service.name", "shop")));
  EXPECT_EQ(to->propagation, Propagation::kW3c);
}

TEST_F(TracingCompile, opentelemetry_over_http_with_detectors_and_sampler) {
  ::setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=by-env,team=a", 1);
  auto to = compile(
      provider("OpenTelemetryConfig",
               "http_service: {http_uri: {uri: 'http://otel.test:4318/v1/traces', cluster: collector, timeout: 1s}}, "
               "sampler: {name: s, typed_config: {'@type': "
               "type.googleapis.com/envoy.extensions.tracers.opentelemetry.samplers.v3.AlwaysOnSamplerConfig}}, "
               "resource_detectors: [{name: e, typed_config: {'@type': type.googleapis.com/"
               "envoy.extensions.tracers.opentelemetry.resource_detectors.v3.EnvironmentResourceDetectorConfig}}]"));
  EXPECT_EQ(problems.str(), "");
  EXPECT_EQ(to->exporter->protocol, ExportProtocol::kOtlpHttp);
  EXPECT_EQ(to->exporter->authority, "otel.test:4318");
  EXPECT_EQ(to->exporter->path, "/v1/traces");
  EXPECT_TRUE(to->always_on);
  EXPECT_THAT(to->exporter->resource, Contains(Pair("service.name", "by-env")));
  EXPECT_THAT(to->exporter->resource, Contains(Pair("team", "a")));
}

TEST_F(TracingCompile, zipkin) {
  auto to = compile(provider("ZipkinConfig",
                             "collector_cluster: collector, collector_endpoint: /api/v2/spans, trace_id_128bit: true, "
                             "collector_endpoint_version: HTTP_JSON, shared_span_context: false"));
  EXPECT_EQ(problems.str(), "");
  EXPECT_EQ(to->exporter->protocol, ExportProtocol::kZipkinJson);
  EXPECT_EQ(to->exporter->authority, "collector");
  EXPECT_EQ(to->exporter->local.service, "front");
  EXPECT_EQ(to->propagation, Propagation::kB3);
  EXPECT_FALSE(to->share_span);
  EXPECT_TRUE(to->wide_trace_ids);
}

TEST_F(TracingCompile, mistakes_are_named) {
  compile(provider("ZipkinConfig", "collector_cluster: nowhere, collector_endpoint: /x"));
  EXPECT_THAT(problems.str(), HasSubstr("collector_cluster: there is no cluster \"nowhere\""));
  compile(provider("OpenTelemetryConfig", "service_name: a"));
  EXPECT_THAT(problems.str(), HasSubstr("says not where spans go"));
  compile(
      provider("OpenTelemetryConfig", "http_service: {http_uri: {uri: /relative, cluster: collector, timeout: 1s}}"));
  EXPECT_THAT(problems.str(), HasSubstr("\"/relative\" is no absolute URI"));
  compile("{custom_tags: [{tag: a, value: '%NO_SUCH%'}]}");
  EXPECT_THAT(problems.str(), HasSubstr("NO_SUCH"));
}

TEST(TracingFields, exist) {
  SupportedTable table;
  add_tracing_fields(table);
  EXPECT_THAT(table.mistakes(), testing::IsEmpty());
}

}  // namespace
}  // namespace proa::config
