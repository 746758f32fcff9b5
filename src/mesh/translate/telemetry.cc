#include "mesh/translate/telemetry.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "envoy/config/trace/v3/opentelemetry.pb.h"
#include "envoy/config/trace/v3/zipkin.pb.h"
#include "mesh/model/select.h"
#include "mesh/translate/access_logs.h"
#include "mesh/translate/packed.h"
#include "mesh/translate/providers.h"
#include "udpa/type/v1/typed_struct.pb.h"

namespace proa::mesh {

namespace {

using envoy::config::accesslog::v3::AccessLog;
using envoy::type::tracing::v3::CustomTag;
using istio::telemetry::v1alpha1::MetricSelector;
using istio::telemetry::v1alpha1::Tracing;
using HttpTracing = envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager::Tracing;
using Provider = istio::mesh::v1alpha1::MeshConfig::ExtensionProvider;
using Spec = istio::telemetry::v1alpha1::Telemetry;

/// Of the mesh, of the namespace, of the workload: one each, the oldest.
std::vector<const Spec*> levels_of(const World& world, const ProxyNode& node) {
  const Spec *mesh = nullptr, *ns = nullptr, *workload = nullptr;
  for (const auto& each : policies_for<Telemetry>(world, node.ns, node.labels)) {
    const bool selects = !each->spec.selector().match_labels().empty();
    const Spec*& place = selects ? workload : each->meta.ns == world.root_namespace() ? mesh : ns;
    if (place == nullptr) place = &each->spec;
  }
  std::vector<const Spec*> out;
  for (const Spec* each : {mesh, ns, workload}) {
    if (each != nullptr) out.push_back(each);
  }
  return out;
}

CustomTag literal(const std::string& tag, std::string value) {
  CustomTag out;
  out.set_tag(tag);
  out.mutable_literal()->set_value(std::move(value));
  return out;
}

/// What a policy in dry run would have done.
CustomTag dry_run(const std::string& action, const std::string& what, const std::string& key) {
  CustomTag out;
  out.set_tag(fmt::format("istio.authorization.dry_run.{}_policy.{}", action, what));
  auto& metadata = *out.mutable_metadata();
  metadata.mutable_kind()->mutable_request();
  metadata.mutable_metadata_key()->set_key("envoy.filters.http.rbac");
  metadata.mutable_metadata_key()->add_path()->set_key(fmt::format("istio_dry_run_{}_shadow_{}", action, key));
  return out;
}

std::string label_or(const Labels& labels, std::string_view name, std::string fallback) {
  const auto found = labels.find(name);
  return found == labels.end() ? fallback : found->second;
}

void set_tags(const ProxyNode& node, const Tracing* from, HttpTracing& out) {
  std::map<std::string, CustomTag> tags;
  const auto add = [&](CustomTag tag) { tags[tag.tag()] = std::move(tag); };
  if (from == nullptr || !from->has_enable_istio_tags() || from->enable_istio_tags().value()) {
    for (const std::string action : {"allow", "deny"}) {
      add(dry_run(action, "name", "effective_policy_id"));
      add(dry_run(action, "result", "engine_result"));
    }
    const auto known = [](const std::string& text) { return text.empty() ? std::string("unknown") : text; };
    add(literal("istio.canonical_revision", label_or(node.labels, "service.istio.io/canonical-revision", "latest")));
    add(literal("istio.canonical_service", label_or(node.labels, "service.istio.io/canonical-name", "unknown")));
    add(literal("istio.cluster_id", known(node.cluster_id)));
    add(literal("istio.mesh_id", known(node.mesh_id)));
    add(literal("istio.namespace", known(node.ns)));
  }
  if (from != nullptr) {
    for (const auto& [name, tag] : from->custom_tags()) {
      if (tag.has_literal()) add(literal(name, tag.literal().value()));
      CustomTag made;
      made.set_tag(name);
      if (tag.has_header()) {
        made.mutable_request_header()->set_name(tag.header().name());
        made.mutable_request_header()->set_default_value(tag.header().default_value());
        add(std::move(made));
      } else if (tag.has_environment()) {
        made.mutable_environment()->set_name(tag.environment().name());
        made.mutable_environment()->set_default_value(tag.environment().default_value());
        add(std::move(made));
      }
    }
  }
  for (auto& [name, tag] : tags) *out.add_custom_tags() = std::move(tag);
}

bool set_provider(const World& world, const Provider& provider, HttpTracing& out) {
  if (provider.has_opentelemetry()) {
    envoy::config::trace::v3::OpenTelemetryConfig config;
    if (provider.opentelemetry().has_http()) return false;
    set_grpc(backend_of(provider.opentelemetry().service(), provider.opentelemetry().port()),
             *config.mutable_grpc_service());
    config.set_service_name(world.mesh().default_config().service_cluster());
    out.mutable_provider()->set_name("envoy.tracers.opentelemetry");
    *out.mutable_provider()->mutable_typed_config() = packed(config);
    return true;
  }
  if (!provider.has_zipkin()) return false;
  const Backend backend = backend_of(provider.zipkin().service(), provider.zipkin().port());
  envoy::config::trace::v3::ZipkinConfig config;
  config.set_collector_cluster(backend.cluster);
  config.set_collector_hostname(backend.authority);
  config.set_collector_endpoint(provider.zipkin().path().empty() ? "/api/v2/spans" : provider.zipkin().path());
  config.set_collector_endpoint_version(envoy::config::trace::v3::ZipkinConfig::HTTP_JSON);
  config.set_trace_id_128bit(true);
  config.mutable_shared_span_context()->set_value(false);
  out.mutable_provider()->set_name("envoy.tracers.zipkin");
  *out.mutable_provider()->mutable_typed_config() = packed(config);
  return true;
}

std::optional<HttpTracing> tracing(const World& world, const ProxyNode& node, const std::vector<const Spec*>& levels,
                                   Direction direction) {
  std::string name;
  if (world.mesh().default_providers().tracing_size() > 0) name = world.mesh().default_providers().tracing(0);
  double sampled = 1;
  bool reported = true;
  const Tracing* tags = nullptr;
  for (const Spec* level : levels) {
    for (const Tracing& entry : level->tracing()) {
      if (entry.has_match() && !concerns(entry.match().mode(), direction)) continue;
      if (!entry.providers().empty()) name = entry.providers(0).name();
      if (entry.has_random_sampling_percentage()) sampled = entry.random_sampling_percentage().value();
      if (entry.has_disable_span_reporting()) reported = !entry.disable_span_reporting().value();
      if (!entry.custom_tags().empty() || entry.has_enable_istio_tags()) tags = &entry;
    }
  }
  const Provider* provider = provider_named(world, name);
  if (!reported || provider == nullptr) return std::nullopt;
  HttpTracing out;
  if (!set_provider(world, *provider, out)) return std::nullopt;
  out.mutable_client_sampling()->set_value(100);
  out.mutable_random_sampling()->set_value(sampled);
  out.mutable_overall_sampling()->set_value(100);
  set_tags(node, tags, out);
  return out;
}

std::vector<std::string> metrics_of(const MetricSelector& selector) {
  static const std::map<int, std::string> kNames = {
      {MetricSelector::REQUEST_COUNT, "requests_total"},
      {MetricSelector::REQUEST_DURATION, "request_duration_milliseconds"},
      {MetricSelector::REQUEST_SIZE, "request_bytes"},
      {MetricSelector::RESPONSE_SIZE, "response_bytes"},
      {MetricSelector::TCP_OPENED_CONNECTIONS, "tcp_connections_opened_total"},
      {MetricSelector::TCP_CLOSED_CONNECTIONS, "tcp_connections_closed_total"},
      {MetricSelector::TCP_SENT_BYTES, "tcp_sent_bytes_total"},
      {MetricSelector::TCP_RECEIVED_BYTES, "tcp_received_bytes_total"},
      {MetricSelector::GRPC_REQUEST_MESSAGES, "request_messages_total"},
      {MetricSelector::GRPC_RESPONSE_MESSAGES, "response_messages_total"},
  };
  if (!selector.custom_metric().empty()) return {selector.custom_metric()};
  if (const auto found = kNames.find(selector.metric()); found != kNames.end()) return {found->second};
  std::vector<std::string> all;
  for (const auto& [metric, name] : kNames) all.push_back(name);
  std::ranges::sort(all);
  return all;
}

struct Override {
  bool drop = false;
  std::map<std::string, std::string> added{};
  std::set<std::string> removed{};
};

google::protobuf::Struct stats_config(const std::map<std::string, Override>& overrides, Direction direction) {
  google::protobuf::Struct out;
  if (direction != Direction::outbound) (*out.mutable_fields())["disable_host_header_fallback"].set_bool_value(true);
  for (const auto& [name, each] : overrides) {
    auto& metric = *(*out.mutable_fields())["metrics"].mutable_list_value()->add_values()->mutable_struct_value();
    auto& fields = *metric.mutable_fields();
    fields["name"].set_string_value(name);
    if (each.drop) fields["drop"].set_bool_value(true);
    for (const auto& [tag, value] : each.added) {
      (*fields["dimensions"].mutable_struct_value()->mutable_fields())[tag].set_string_value(value);
    }
    for (const std::string& tag : each.removed) {
      fields["tags_to_remove"].mutable_list_value()->add_values()->set_string_value(tag);
    }
  }
  return out;
}

std::optional<google::protobuf::Any> stats(const World& world, const std::vector<const Spec*>& levels,
                                           Direction direction) {
  const auto prometheus = [&](const std::string& name) {
    const Provider* provider = provider_named(world, name);
    return provider != nullptr && provider->has_prometheus();
  };
  bool wanted = std::ranges::any_of(world.mesh().default_providers().metrics(), prometheus);
  std::map<std::string, Override> overrides;
  for (const Spec* level : levels) {
    for (const auto& metrics : level->metrics()) {
      if (!metrics.providers().empty()) {
        wanted = std::ranges::any_of(metrics.providers(), [&](const auto& each) { return prometheus(each.name()); });
      }
      for (const auto& entry : metrics.overrides()) {
        if (entry.has_match() && !concerns(entry.match().mode(), direction)) continue;
        for (const std::string& name : metrics_of(entry.match())) {
          Override& over = overrides[name];
          if (entry.has_disabled()) over.drop = entry.disabled().value();
          for (const auto& [tag, change] : entry.tag_overrides()) {
            using Tag = istio::telemetry::v1alpha1::MetricsOverrides::TagOverride;
            if (change.operation() == Tag::REMOVE) {
              over.removed.insert(tag);
              over.added.erase(tag);
            } else {
              over.added[tag] = change.value();
              over.removed.erase(tag);
            }
          }
        }
      }
    }
  }
  if (!wanted) return std::nullopt;
  return typed_struct("stats.PluginConfig", stats_config(overrides, direction));
}

}  // namespace

google::protobuf::Any typed_struct(std::string type, const google::protobuf::Struct& value) {
  udpa::type::v1::TypedStruct message;
  message.set_type_url("type.googleapis.com/" + type);
  *message.mutable_value() = value;
  return packed(message);
}

Reporting reporting_for(const World& world, const ProxyNode& node, Direction direction) {
  const std::vector<const Spec*> levels = levels_of(world, node);
  Reporting out{.direction = direction};
  out.logs = access_logs(world, levels, direction);
  if (world.mesh().enable_tracing()) out.tracing = tracing(world, node, levels, direction);
  if (node.istio_filters) out.stats = stats(world, levels, direction);
  return out;
}

AccessLogs listener_logs(const Reporting& reporting) {
  AccessLogs out = reporting.logs;
  for (AccessLog& log : out) {
    envoy::config::accesslog::v3::AccessLogFilter filter;
    filter.mutable_response_flag_filter()->add_flags("NR");
    if (log.has_filter()) {
      envoy::config::accesslog::v3::AccessLogFilter both;
      *both.mutable_and_filter()->add_filters() = std::move(filter);
      *both.mutable_and_filter()->add_filters() = log.filter();
      filter = std::move(both);
    }
    *log.mutable_filter() = std::move(filter);
  }
  return out;
}

}  // namespace proa::mesh
