#include "config/istio_compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/base64.h"
#include "config/mesh_identity.h"
#include "config/supported.h"
#include "config/values.h"

namespace proa::config {

namespace alpn = istio::envoy::config::filter::http::alpn::v2alpha1;
namespace peer = io::istio::http::peer_metadata;
using filters::IstioMetricsConfig;
using Expression = std::shared_ptr<const observe::CelExpression>;

filters::IstioAlpnConfig compile_istio_alpn(const alpn::FilterConfig& from) {
  filters::IstioAlpnConfig to;
  for (const auto& entry : from.alpn_override()) {
    auto& list = entry.upstream_protocol() == alpn::FilterConfig::HTTP10   ? to.http10
                 : entry.upstream_protocol() == alpn::FilterConfig::HTTP11 ? to.http11
                                                                           : to.http2;
    list.assign(entry.alpn_override().begin(), entry.alpn_override().end());
  }
  return to;
}

filters::PeerMetadataConfig compile_peer_metadata(const peer::Config& from, const Compiler& compiler) {
  filters::PeerMetadataConfig to;
  to.labels.assign(from.additional_labels().begin(), from.additional_labels().end());
  const auto by_headers = [](const auto& methods) {
    return std::ranges::any_of(methods, [](const auto& method) { return method.has_istio_headers(); });
  };
  to.learn_downstream = by_headers(from.downstream_discovery());
  to.learn_upstream = by_headers(from.upstream_discovery());
  const auto tell = [](const auto& methods) {
    std::optional<filters::PeerMetadataConfig::Tell> how;
    for (const auto& method : methods) {
      if (method.has_istio_headers()) how = {.skip_external = method.istio_headers().skip_external_clusters()};
    }
    return how;
  };
  to.tell_downstream = tell(from.downstream_propagation());
  to.tell_upstream = tell(from.upstream_propagation());
  MeshIdentity identity = mesh_identity(compiler, to.labels);
  to.id = std::move(identity.id);
  to.value = base64_encode(identity.structure);
  return to;
}

namespace {

/// A label whose expression is not known is "unknown" rather than absent: queries that name it go on to work.
Expression expression(const std::string& text, const Site& at) {
  auto compiled = observe::CelExpression::compile(text);
  if (compiled) return std::make_shared<const observe::CelExpression>(std::move(*compiled));
  at.warning(compiled.error().message, "the label is \"unknown\"");
  return std::make_shared<const observe::CelExpression>(*observe::CelExpression::compile("null + null"));
}

void change(const stats::MetricConfig& from, IstioMetricsConfig::Metric& to, const Site& at) {
  to.changed = true;
  if (from.drop()) to.dropped = true;
  for (const std::string& name : from.tags_to_remove()) {
    if (auto label = filters::istio_label(name)) to.without[static_cast<size_t>(*label)] = true;
  }
  const Site dimensions = at / "dimensions";
  const std::map<std::string, std::string> sorted(from.dimensions().begin(), from.dimensions().end());
  for (const auto& [name, text] : sorted) {
    const Site item = dimensions.entry(name);
    Expression value = expression(text, item);
    if (auto label = filters::istio_label(name)) {
      to.without[static_cast<size_t>(*label)] = false;
      to.instead[static_cast<size_t>(*label)] = std::move(value);
    } else {
      std::erase_if(to.more, [&](const auto& one) { return one.first == name; });
      to.more.emplace_back(name, std::move(value));
    }
  }
}

}  // namespace

std::shared_ptr<const filters::IstioMetrics> compile_istio_metrics(const stats::PluginConfig& from, const Site& at,
                                                                   Compiler& compiler) {
  using Reporter = IstioMetricsConfig::Reporter;
  IstioMetricsConfig to;
  to.reporter = compiler.inbound ? Reporter::kDestination : Reporter::kSource;
  if (from.reporter() == stats::SERVER_GATEWAY) to.reporter = Reporter::kGateway;
  to.host_header_fallback = !from.disable_host_header_fallback();
  if (from.has_tcp_reporting_duration()) to.tcp_interval = milliseconds(from.tcp_reporting_duration());
  to.self = mesh_identity(compiler, {}).peer;
  to.stats = compiler.shared.dynamic_stats();
  const Site metrics = at / "metrics";
  for (int i = 0; i < from.metrics_size(); ++i) {
    const Site item = metrics[static_cast<size_t>(i)];
    const std::string& name = from.metrics(i).name();
    auto metric = filters::istio_metric(name);
    if (metric) {
      change(from.metrics(i), to.metrics[static_cast<size_t>(*metric)], item);
    } else if (name.empty()) {
      for (auto& one : to.metrics) change(from.metrics(i), one, item);
    } else {
      (item / "name").warning(fmt::format("there is no metric {}", shown(name)), "it has no effect");
    }
  }
  return std::make_shared<const filters::IstioMetrics>(std::move(to));
}

void add_istio_fields(SupportedTable& table) {
  table.add(supported<alpn::FilterConfig>({"alpn_override"}));
  table.add(supported<alpn::FilterConfig::AlpnOverride>({"upstream_protocol", "alpn_override"}));
  table.add(supported<peer::Config>({"downstream_discovery", "upstream_discovery", "downstream_propagation",
                                     "upstream_propagation", "additional_labels"})
                .harmless({"shared_with_upstream"}, "no internal listener asks for it"));
  table.add(supported<peer::Config::DiscoveryMethod>({"istio_headers"})
                .harmless({"workload_discovery"}, "it finds nothing without its bootstrap extension")
                .harmless({"baggage"}, "Istio has given it up"));
  table.add(supported<peer::Config::PropagationMethod>({"istio_headers"}));
  table.add(supported<peer::Config::IstioHeaders>({"skip_external_clusters"}));
  table.add(
      supported<stats::PluginConfig>({"disable_host_header_fallback", "tcp_reporting_duration", "metrics", "reporter"})
          .harmless({"rotation_interval", "graceful_deletion_interval"},
                    "the number of label sets is limited, none is forgotten"));
  table.add(supported<stats::MetricConfig>({"dimensions", "name", "tags_to_remove", "drop"})
                .harmless({"match"}, "Istio does not implement it"));
}

}  // namespace proa::config
