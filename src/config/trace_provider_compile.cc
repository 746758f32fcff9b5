#include "config/trace_provider_compile.h"

#include <fmt/format.h>

#include <cstdlib>

#include "config/filter_chain_compile.h"
#include "config/supported.h"
#include "config/typed_payload.h"
#include "config/values.h"
#include "envoy/config/core/v3/grpc_service.pb.h"
#include "envoy/config/core/v3/http_service.pb.h"
#include "envoy/config/trace/v3/opentelemetry.pb.h"
#include "envoy/config/trace/v3/zipkin.pb.h"
#include "envoy/extensions/tracers/opentelemetry/resource_detectors/v3/environment_resource_detector.pb.h"
#include "envoy/extensions/tracers/opentelemetry/resource_detectors/v3/static_config_resource_detector.pb.h"
#include "envoy/extensions/tracers/opentelemetry/samplers/v3/always_on_sampler.pb.h"
#include "http/uri.h"

namespace proa::config {

namespace core = envoy::config::core::v3;
namespace tr3 = envoy::config::trace::v3;
namespace otel = envoy::extensions::tracers::opentelemetry;
using proxy::ExportProtocol;
using proxy::ExportSpec;
using proxy::Tracer;

namespace {

constexpr std::string_view kExportPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
constexpr std::string_view kDefaultService = "unknown_service:envoy";
constexpr std::string_view kVersion = "0.1.0";

void set_cluster(const std::string& name, ExportSpec& to, const Site& at, const Compiler& compiler) {
  to.cluster = name;
  to.authority = name;
  if (!compiler.clusters_may_come && !compiler.clusters.contains(name)) {
    at.error(fmt::format("there is no cluster {}", shown(name)), "add it to static_resources.clusters");
  }
}

void set_flushing(std::string_view kind, ExportSpec& to, const Compiler& compiler) {
  auto setting = [&](std::string_view name) {
    return runtime_integer(compiler.bootstrap, fmt::format("tracing.{}.{}", kind, name));
  };
  if (auto spans = setting("min_flush_spans"); spans && *spans > 0) to.min_flush = static_cast<size_t>(*spans);
  if (auto interval = setting("flush_interval_ms"); interval && *interval > 0) {
    to.flush_interval = Milliseconds(*interval);
  }
  if (auto timeout = setting("request_timeout"); timeout && *timeout > 0) to.timeout = Milliseconds(*timeout);
}

void compile_grpc(const core::GrpcService& from, ExportSpec& to, const Site& at, const Compiler& compiler) {
  if (!from.has_envoy_grpc()) return at.error("has no envoy_grpc", "set envoy_grpc.cluster_name");
  const Site grpc = at / "envoy_grpc";
  set_cluster(from.envoy_grpc().cluster_name(), to, grpc / "cluster_name", compiler);
  if (!from.envoy_grpc().authority().empty()) to.authority = from.envoy_grpc().authority();
  to.protocol = ExportProtocol::kOtlpGrpc;
  to.path = kExportPath;
  if (from.has_timeout()) to.timeout = or_never(from.timeout());
  for (const auto& header : from.initial_metadata()) {
    to.headers.emplace_back(http::to_lower(header.key()), header.value());
  }
}

/// Formatters in headers have no request to speak of: constant texts and %ENVIRONMENT(..)% remain.
void compile_headers(const core::HttpService& from, ExportSpec& to, const Site& at) {
  for (int i = 0; i < from.request_headers_to_add_size(); ++i) {
    const core::HeaderValue& header = from.request_headers_to_add(i).header();
    const Site item = at[static_cast<size_t>(i)];
    auto text = observe::Formatter::compile(header.value(), observe::FormatTarget::kHeader);
    if (!text) {
      item.error(text.error().message);
      continue;
    }
    std::string value;
    text->format({}, value);
    to.headers.emplace_back(http::to_lower(header.key()), std::move(value));
  }
}

void compile_http(const core::HttpService& from, ExportSpec& to, const Site& at, const Compiler& compiler) {
  const core::HttpUri& uri = from.http_uri();
  const Site where = at / "http_uri";
  set_cluster(uri.cluster(), to, where / "cluster", compiler);
  http::RequestTarget target;
  std::string_view wrong = http::parse_request_target(uri.uri(), http::Method::kPost, target);
  if (!wrong.empty() || target.form != http::TargetForm::kAbsolute) {
    return (where / "uri")
        .error(fmt::format("{} is no absolute URI", shown(uri.uri())), "write http://HOST:PORT/v1/traces");
  }
  to.authority = target.authority;
  to.path = target.path;
  if (uri.has_timeout()) to.timeout = or_never(uri.timeout());
  compile_headers(from, to, at / "request_headers_to_add");
}

/// OTEL_RESOURCE_ATTRIBUTES: k=v,k=v (the percent-encoding of values is left as it is, as Envoy does).
void read_environment(observe::ResourceAttributes& to, const Site& at) {
  const char* text = std::getenv("OTEL_RESOURCE_ATTRIBUTES");
  if (!text || !*text) return at.warning("OTEL_RESOURCE_ATTRIBUTES is not set");
  std::string_view rest(text);
  while (!rest.empty()) {
    std::string_view pair = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return at.error("OTEL_RESOURCE_ATTRIBUTES is not a list of key=value");
    to.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
}

void compile_resource(const tr3::OpenTelemetryConfig& from, ExportSpec& to, const Site& at) {
  auto set = [&](std::string_view key, std::string_view value) {
    std::erase_if(to.resource, [&](const auto& pair) { return pair.first == key; });
    to.resource.emplace_back(key, value);
  };
  if (!from.has_set_telemetry_sdk_resource_attributes() || from.set_telemetry_sdk_resource_attributes().value()) {
    set("telemetry.sdk.language", "cpp");
    set("telemetry.sdk.name", "proa");
    set("telemetry.sdk.version", kVersion);
  }
  const bool name =
      !from.has_set_service_name_resource_attribute() || from.set_service_name_resource_attribute().value();
  if (name) set("service.name", from.service_name().empty() ? kDefaultService : std::string_view(from.service_name()));
  const Site list = at / "resource_detectors";
  for (int i = 0; i < from.resource_detectors_size(); ++i) {
    const Site item = list[static_cast<size_t>(i)];
    const std::optional<Payload> payload = open_any(from.resource_detectors(i).typed_config(), item);
    if (!payload) continue;
    observe::ResourceAttributes found;
    using namespace otel::resource_detectors::v3;
    if (auto* fixed = dynamic_cast<const StaticConfigResourceDetectorConfig*>(payload->message.get())) {
      found.assign(fixed->attributes().begin(), fixed->attributes().end());
    } else if (dynamic_cast<const EnvironmentResourceDetectorConfig*>(payload->message.get())) {
      read_environment(found, item);
    }
    for (const auto& [key, value] : found) set(key, value);
  }
}

void compile_opentelemetry(const tr3::OpenTelemetryConfig& from, Tracer& to, const Site& at, Compiler& compiler) {
  auto spec = std::make_shared<ExportSpec>();
  spec->max_queue = from.has_max_cache_size() ? from.max_cache_size().value() : 1024;
  set_flushing("opentelemetry", *spec, compiler);
  if (from.has_grpc_service()) {
    compile_grpc(from.grpc_service(), *spec, at / "grpc_service", compiler);
  } else if (from.has_http_service()) {
    spec->protocol = ExportProtocol::kOtlpHttp;
    compile_http(from.http_service(), *spec, at / "http_service", compiler);
    spec->headers.emplace_back("content-type", "application/x-protobuf");
  } else {
    at.error("says not where spans go", "set grpc_service or http_service");
  }
  compile_resource(from, *spec, at);
  if (!from.has_set_instrumentation_scope() || from.set_instrumentation_scope().value()) {
    spec->scope = "proa";
    spec->scope_version = kVersion;
  }
  if (from.has_sampler()) {
    const Site sampler = at / "sampler.typed_config";
    Result<Payload> payload = open_any(from.sampler().typed_config());
    if (!payload) return sampler.error(payload.error().message);
    to.always_on = dynamic_cast<const otel::samplers::v3::AlwaysOnSamplerConfig*>(payload->message.get()) != nullptr;
  }
  spec->stats = compiler.shared.stats(proxy::kOtlpExportSchema, {});
  to.propagation = proxy::Propagation::kW3c;
  to.exporter = std::move(spec);
}

void compile_zipkin(const tr3::ZipkinConfig& from, Tracer& to, const Site& at, Compiler& compiler) {
  auto spec = std::make_shared<ExportSpec>();
  spec->protocol = ExportProtocol::kZipkinJson;
  spec->timeout = Milliseconds(5'000);  // Envoy's
  set_flushing("zipkin", *spec, compiler);
  if (from.has_collector_service()) {
    compile_http(from.collector_service(), *spec, at / "collector_service", compiler);
  } else {
    set_cluster(from.collector_cluster(), *spec, at / "collector_cluster", compiler);
    if (from.collector_endpoint().empty()) (at / "collector_endpoint").error("is not set", "write /api/v2/spans");
    spec->path = from.collector_endpoint();
    if (!from.collector_hostname().empty()) spec->authority = from.collector_hostname();
  }
  spec->headers.emplace_back("content-type", "application/json");
  spec->local.service = compiler.service_cluster;
  spec->stats = compiler.shared.stats(proxy::kZipkinExportSchema, {});
  to.share_span = !from.has_shared_span_context() || from.shared_span_context().value();
  to.wide_trace_ids = from.trace_id_128bit();
  to.propagation = from.trace_context_option() == tr3::ZipkinConfig::USE_B3_WITH_W3C_PROPAGATION
                       ? proxy::Propagation::kB3AndW3c
                       : proxy::Propagation::kB3;
  // In W3C's form a trace always has 128 bits.
  if (to.propagation == proxy::Propagation::kB3AndW3c) to.wide_trace_ids = true;
  to.exporter = std::move(spec);
}

}  // namespace

void compile_trace_provider(const tr3::Tracing::Http& from, Tracer& to, const Site& at, Compiler& compiler) {
  const Site config = at / "typed_config";
  Result<Payload> payload = open_any(from.typed_config());
  if (!payload) return config.error(payload.error().message);
  const Site inside = payload->inside(config);
  if (auto* otlp = dynamic_cast<const tr3::OpenTelemetryConfig*>(payload->message.get())) {
    compile_opentelemetry(*otlp, to, inside, compiler);
  } else if (auto* zipkin = dynamic_cast<const tr3::ZipkinConfig*>(payload->message.get())) {
    compile_zipkin(*zipkin, to, inside, compiler);
  }
}

void add_trace_provider_fields(SupportedTable& table) {
  table.add(supported<tr3::Tracing::Http>({"name", "typed_config"}));
  table.add(supported<tr3::OpenTelemetryConfig>({"grpc_service", "http_service", "service_name", "resource_detectors",
                                                 "sampler", "max_cache_size", "set_telemetry_sdk_resource_attributes",
                                                 "set_service_name_resource_attribute", "set_instrumentation_scope"}));
  table.add(supported<otel::samplers::v3::AlwaysOnSamplerConfig>({}));
  table.add(supported<otel::resource_detectors::v3::EnvironmentResourceDetectorConfig>({}));
  table.add(supported<otel::resource_detectors::v3::StaticConfigResourceDetectorConfig>({"attributes"}));
  table.add(supported<tr3::ZipkinConfig>({"collector_cluster", "collector_endpoint", "collector_service",
                                          "collector_endpoint_version", "collector_hostname", "trace_id_128bit",
                                          "shared_span_context", "trace_context_option"})
                .only("collector_endpoint_version", {"HTTP_JSON"}));
  table.add(supported<core::GrpcService>({"envoy_grpc", "timeout", "initial_metadata"}));
  table.add(supported<core::GrpcService::EnvoyGrpc>({"cluster_name", "authority"})
                .harmless({"skip_envoy_headers"}, "none are sent on calls of our own"));
  table.add(supported<core::HttpService>({"http_uri", "request_headers_to_add"}));
  table.add(supported<core::HttpUri>({"uri", "cluster", "timeout"}));
}

}  // namespace proa::config
