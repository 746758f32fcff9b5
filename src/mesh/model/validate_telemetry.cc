// Telemetry, ProxyConfig, EnvoyFilter and MeshConfig.
#include <fmt/format.h>

#include <set>

#include "mesh/model/checks.h"
#include "mesh/model/validate.h"

namespace proa::mesh {

namespace {

using config::Site;
using namespace istio::telemetry::v1alpha1;
using TelemetrySpec = ::istio::telemetry::v1alpha1::Telemetry;
using MeshConfigSpec = ::istio::mesh::v1alpha1::MeshConfig;
using ProxyConfigSpec = ::istio::networking::v1beta1::ProxyConfig;
using EnvoyFilterSpec = ::istio::networking::v1alpha3::EnvoyFilter;

template <class Providers>
void check_providers(const Providers& providers, const Site& at) {
  check_each(providers, at, [](const auto& provider, const Site& place) {
    if (provider.name().empty()) (place / "name").error("is missing");
  });
}

void check_tag(const Tracing::CustomTag& tag, const Site& at) {
  switch (tag.type_case()) {
    case Tracing::CustomTag::kLiteral:
      if (tag.literal().value().empty()) (at / "literal.value").error("is missing");
      return;
    case Tracing::CustomTag::kHeader:
      if (tag.header().name().empty()) (at / "header.name").error("is missing");
      return;
    case Tracing::CustomTag::kEnvironment:
      if (tag.environment().name().empty()) (at / "environment.name").error("is missing");
      return;
    default: return;
  }
}

void check_tracing(const Tracing& tracing, const Site& at) {
  check_providers(tracing.providers(), at / "providers");
  if (tracing.providers_size() > 1) (at / "providers").warning("names several, but only the first is used");
  if (tracing.has_random_sampling_percentage()) {
    check_percent(tracing.random_sampling_percentage().value(), at / "randomSamplingPercentage");
  }
  const Site tags = at / "customTags";
  for (const auto& [name, tag] : tracing.custom_tags()) {
    if (name.empty()) tags.error("has a tag without a name");
    check_tag(tag, tags.entry(name));
  }
}

void check_overrides(const MetricsOverrides& overrides, const Site& at) {
  using Tag = MetricsOverrides::TagOverride;
  const Site tags = at / "tagOverrides";
  for (const auto& [name, tag] : overrides.tag_overrides()) {
    const Site place = tags.entry(name);
    if (tag.operation() == Tag::UPSERT && tag.value().empty()) {
      (place / "value").error("is missing, as operation is UPSERT");
    }
    if (tag.operation() == Tag::REMOVE && !tag.value().empty()) {
      (place / "value").error("is set, but operation is REMOVE", "remove it");
    }
  }
}

}  // namespace

void validate(const TelemetrySpec& spec, const Site& at) {
  check_attachment(spec, at);
  const Site tracing = at / "tracing";
  if (spec.tracing_size() > 1) tracing.warning("has several entries, but only the first is used");
  check_each(spec.tracing(), tracing, check_tracing);
  const Site metrics = at / "metrics";
  check_each(spec.metrics(), metrics, [](const Metrics& each, const Site& place) {
    check_providers(each.providers(), place / "providers");
    const Site overrides = place / "overrides";
    check_each(each.overrides(), overrides, check_overrides);
  });
  const Site logging = at / "accessLogging";
  check_each(spec.access_logging(), logging, [](const AccessLogging& each, const Site& place) {
    check_providers(each.providers(), place / "providers");
  });
}

void validate(const ProxyConfigSpec& spec, const Site& at) {
  if (spec.has_selector()) check_selector(spec.selector().match_labels(), at / "selector");
  check_not_negative(spec.concurrency().value(), at / "concurrency");
}

void validate(const EnvoyFilterSpec& spec, const Site& at) {
  if (spec.has_workload_selector()) check_selector(spec.workload_selector().labels(), at / "workloadSelector");
  if (spec.has_workload_selector() && !spec.targetrefs().empty()) {
    (at / "targetRefs").error("is set beside workloadSelector", "keep one of them");
  }
  const Site patches = at / "configPatches";
  check_each(spec.config_patches(), patches, [](const auto& patch, const Site& place) {
    if (patch.apply_to() == EnvoyFilterSpec::INVALID) (place / "applyTo").error("is missing");
    if (!patch.has_patch()) return (place / "patch").error("is missing");
    if (patch.patch().operation() == EnvoyFilterSpec::Patch::INVALID) (place / "patch.operation").error("is missing");
    const bool needs_value = patch.patch().operation() != EnvoyFilterSpec::Patch::REMOVE;
    if (needs_value && !patch.patch().has_value()) (place / "patch.value").error("is missing");
  });
}

void validate(const MeshConfigSpec& spec, const Site& at) {
  if (spec.proxy_listen_port() != 0) {
    check_port(static_cast<std::uint32_t>(spec.proxy_listen_port()), at / "proxyListenPort");
  }
  if (spec.proxy_inbound_listen_port() != 0) {
    check_port(static_cast<std::uint32_t>(spec.proxy_inbound_listen_port()), at / "proxyInboundListenPort");
  }
  if (spec.has_connect_timeout()) check_duration(spec.connect_timeout(), at / "connectTimeout");
  if (spec.has_locality_lb_setting()) check_locality(spec.locality_lb_setting(), true, at / "localityLbSetting");
  if (spec.has_default_http_retry_policy())
    check_retry(spec.default_http_retry_policy(), at / "defaultHttpRetryPolicy");
  check_export_to(spec.default_service_export_to(), at / "defaultServiceExportTo", true);
  check_export_to(spec.default_virtual_service_export_to(), at / "defaultVirtualServiceExportTo");
  check_export_to(spec.default_destination_rule_export_to(), at / "defaultDestinationRuleExportTo");
  std::set<std::string> names;
  const Site providers = at / "extensionProviders";
  check_each(spec.extension_providers(), providers, [&](const auto& provider, const Site& place) {
    if (provider.name().empty()) return (place / "name").error("is missing");
    if (!names.insert(provider.name()).second) {
      (place / "name").error(fmt::format("{} is there twice", config::shown(provider.name())));
    }
    using Provider = MeshConfigSpec::ExtensionProvider;
    if (provider.provider_case() == Provider::PROVIDER_NOT_SET) place.error("says no kind of provider");
  });
}

}  // namespace proa::mesh
