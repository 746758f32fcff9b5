#include "config/tracing_compile.h"

#include <cmath>
#include <cstdlib>

#include "config/supported.h"
#include "config/trace_provider_compile.h"
#include "config/values.h"
#include "envoy/extensions/request_id/uuid/v3/uuid.pb.h"
#include "envoy/type/tracing/v3/custom_tag.pb.h"
#include "http/header_validity.h"

namespace proa::config {

namespace hcm = envoy::extensions::filters::network::http_connection_manager::v3;
namespace tag3 = envoy::type::tracing::v3;
using Tracing = hcm::HttpConnectionManager::Tracing;
using envoy::extensions::request_id::uuid::v3::UuidRequestIdConfig;
using observe::Formatter;
using proxy::CustomTag;
using proxy::Tracer;

namespace {

/// Of ten thousand, as Envoy samples.
void set_share(bool given, const envoy::type::v3::Percent& from, route::Fraction& to) {
  if (given) to.fallback = {static_cast<uint32_t>(std::lround(from.value() * 100)), 10'000};
}

Formatter format(const std::string& text, const Site& at) {
  auto compiled = Formatter::compile(text, observe::FormatTarget::kBody, /*omit_empty=*/true);
  if (compiled) return std::move(*compiled);
  at.error(compiled.error().message);
  return {};
}

void compile_metadata_tag(const tag3::CustomTag::Metadata& from, CustomTag& to) {
  using Kind = envoy::type::metadata::v3::MetadataKind;
  to.kind = CustomTag::Kind::kMetadata;
  switch (from.kind().kind_case()) {
    case Kind::kRoute: to.source = observe::MetadataSource::kRoute; break;
    case Kind::kCluster: to.source = observe::MetadataSource::kCluster; break;
    case Kind::kHost: to.source = observe::MetadataSource::kHost; break;
    default: break;
  }
  to.space = from.metadata_key().key();
  for (const auto& segment : from.metadata_key().path()) to.path.push_back(segment.key());
  to.fallback = from.default_value();
}

CustomTag compile_tag(const tag3::CustomTag& from, const Site& at) {
  CustomTag to;
  to.name = from.tag();
  switch (from.type_case()) {
    case tag3::CustomTag::kLiteral: to.text = from.literal().value(); break;
    case tag3::CustomTag::kEnvironment: {
      const char* value = std::getenv(from.environment().name().c_str());
      to.text = value ? value : "";
      to.fallback = from.environment().default_value();
      break;
    }
    case tag3::CustomTag::kRequestHeader:
      to.kind = CustomTag::Kind::kHeader;
      to.text = http::to_lower(from.request_header().name());
      to.fallback = from.request_header().default_value();
      break;
    case tag3::CustomTag::kMetadata: compile_metadata_tag(from.metadata(), to); break;
    case tag3::CustomTag::kValue:
      to.kind = CustomTag::Kind::kFormat;
      to.format = format(from.value(), at / "value");
      break;
    default: at.error("says nothing", "set literal, environment, request_header, metadata or value"); break;
  }
  return to;
}

void compile_request_id(const hcm::RequestIDExtension& from, Tracer& to) {
  UuidRequestIdConfig uuid;
  if (!from.typed_config().UnpackTo(&uuid)) return;
  to.pack_reason = !uuid.has_pack_trace_reason() || uuid.pack_trace_reason().value();
  to.decide_by_request_id =
      !uuid.has_use_request_id_for_trace_sampling() || uuid.use_request_id_for_trace_sampling().value();
}

}  // namespace

std::shared_ptr<const Tracer> compile_tracing(const hcm::HttpConnectionManager& from, const Site& at,
                                              Compiler& compiler) {
  const Tracing& tracing = from.tracing();
  auto to = std::make_shared<Tracer>();
  set_share(tracing.has_client_sampling(), tracing.client_sampling(), to->client_sampling);
  set_share(tracing.has_random_sampling(), tracing.random_sampling(), to->random_sampling);
  set_share(tracing.has_overall_sampling(), tracing.overall_sampling(), to->overall_sampling);
  compile_request_id(from.request_id_extension(), *to);
  to->egress = compiler.outbound;
  to->verbose = tracing.verbose();
  to->upstream_span = tracing.spawn_upstream_span().value();
  to->inject = !tracing.no_context_propagation();
  if (tracing.has_max_path_tag_length()) to->max_path = tracing.max_path_tag_length().value();
  to->node_id = compiler.service_node;
  to->zone = compiler.service_zone;
  if (!tracing.operation().empty()) to->operation = format(tracing.operation(), at / "operation");
  if (!tracing.upstream_operation().empty()) {
    to->upstream_operation = format(tracing.upstream_operation(), at / "upstream_operation");
  }
  const Site tags = at / "custom_tags";
  for (int i = 0; i < tracing.custom_tags_size(); ++i) {
    const Site item = tags[static_cast<size_t>(i)];
    to->tags.push_back(compile_tag(tracing.custom_tags(i), item));
  }
  const std::string prefix = from.stat_prefix();
  to->decisions =
      compiler.shared.stats(proxy::kTracingSchema, {prefix + ".tracing", {{"envoy_http_conn_manager_prefix", prefix}}});
  if (tracing.has_provider()) compile_trace_provider(tracing.provider(), *to, at / "provider", compiler);
  return to;
}

void add_tracing_fields(SupportedTable& table) {
  table.add(supported<Tracing>({"client_sampling", "random_sampling", "overall_sampling", "verbose",
                                "max_path_tag_length", "custom_tags", "provider", "spawn_upstream_span", "operation",
                                "upstream_operation", "no_context_propagation"}));
  table.add(supported<tag3::CustomTag>({"tag", "literal", "environment", "request_header", "metadata", "value"}));
  table.add(supported<tag3::CustomTag::Literal>({"value"}));
  table.add(supported<tag3::CustomTag::Environment>({"name", "default_value"}));
  table.add(supported<tag3::CustomTag::Header>({"name", "default_value"}));
  table.add(supported<tag3::CustomTag::Metadata>({"kind", "metadata_key", "default_value"}));
  using envoy::type::metadata::v3::MetadataKind;
  table.add(supported<MetadataKind>({"request", "route", "cluster", "host"}));
  table.add(supported<MetadataKind::Request>({}));
  table.add(supported<MetadataKind::Route>({}));
  table.add(supported<MetadataKind::Cluster>({}));
  table.add(supported<MetadataKind::Host>({}));
  add_trace_provider_fields(table);
}

}  // namespace proa::config
