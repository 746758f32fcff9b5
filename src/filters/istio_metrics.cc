#include "filters/istio_metrics.h"

#include <algorithm>
#include <deque>

#include "net/transport.h"
#include "observe/access_log_filter.h"
#include "observe/metadata.h"
#include "observe/response_flags.h"

namespace proa::filters {
namespace {

using observe::StatKind;
using observe::Unit;
using Reporter = IstioMetricsConfig::Reporter;

constexpr size_t kMetrics = static_cast<size_t>(IstioMetric::kCount);
constexpr size_t kLabels = static_cast<size_t>(IstioLabel::kCount);
constexpr std::string_view kUnknown = "unknown";

// One schema for each: a metric may have labels that others lack.
constexpr observe::StatDef kStats[] = {
#define PROA_X(id, name, kind, unit) {name, StatKind::kind, Unit::unit},
    PROA_ISTIO_METRICS(PROA_X)
#undef PROA_X
};
const std::array<observe::StatSchema, kMetrics> kSchemas = [] {
  std::array<observe::StatSchema, kMetrics> schemas;
  for (size_t i = 0; i < kMetrics; ++i) schemas[i] = {"istiocustom", {&kStats[i], 1}, {}, "istio"};
  return schemas;
}();
constexpr std::string_view kLabelNames[] = {
#define PROA_X(id, name) name,
    PROA_ISTIO_LABELS(PROA_X)
#undef PROA_X
};

std::string_view or_unknown(std::string_view text) { return text.empty() ? kUnknown : text; }
std::string_view or_latest(std::string_view text) { return text.empty() ? "latest" : text; }

/// "spiffe://DOMAIN/ns/NAMESPACE/sa/ACCOUNT"
std::string_view namespace_of(std::string_view principal) {
  const size_t begin = principal.find("/ns/");
  if (begin == principal.npos) return {};
  principal.remove_prefix(begin + 4);
  return principal.substr(0, principal.find('/'));
}

std::string_view first_uri(const std::shared_ptr<const net::CertificateInfo>& certificate) {
  return certificate->uri_sans.empty() ? std::string_view() : std::string_view(certificate->uri_sans.front());
}

bool speaks_for_itself(std::string_view cluster) {
  return cluster == "BlackHoleCluster" || cluster == "PassthroughCluster" || cluster.starts_with("InboundPassthrough");
}

struct Service {
  std::string_view host, name;
};

/// As Istio: what the cluster was made for, else the host that was asked for.
Service service_of(const observe::StreamInfo& info, bool host_fallback) {
  Service service;
  if (host_fallback && info.request) service.host = service.name = info.request->authority;
  if (info.route_name == "block_all") return {service.host, "BlackHoleCluster"};
  if (info.route_name == "allow_any") return {service.host, "PassthroughCluster"};
  if (speaks_for_itself(info.upstream_cluster_raw)) return {service.host, info.upstream_cluster_raw};
  static const std::string kPath[] = {"services"};
  const nlohmann::json* services = info.cluster_metadata ? info.cluster_metadata->find("istio", kPath) : nullptr;
  if (!services || !services->is_array() || services->empty() || !services->front().is_object()) return service;
  const nlohmann::json& first = services->front();
  const auto text = [&](const char* key) -> const std::string* {
    auto found = first.find(key);
    return found != first.end() && found->is_string() ? &found->get_ref<const std::string&>() : nullptr;
  };
  if (const std::string* host = text("host")) service.host = *host;
  const std::string* name = text("name");
  service.name = name ? std::string_view(*name) : service.host.substr(0, service.host.find('.'));
  return service;
}

/// What the endpoint's own metadata says of it.
std::optional<net::MeshPeer> peer_of_endpoint(const observe::StreamInfo& info) {
  static const std::string kPath[] = {"workload"};
  const nlohmann::json* workload = info.host_metadata ? info.host_metadata->find("istio", kPath) : nullptr;
  if (!workload || !workload->is_string()) return std::nullopt;
  return net::mesh_peer_of_endpoint(workload->get_ref<const std::string&>());
}

}  // namespace

std::string_view name_of(IstioMetric metric) { return kStats[static_cast<size_t>(metric)].name; }
std::string_view name_of(IstioLabel label) { return kLabelNames[static_cast<size_t>(label)]; }

std::optional<IstioMetric> istio_metric(std::string_view name) {
  const auto* found = std::ranges::find(kStats, name, &observe::StatDef::name);
  if (found == std::end(kStats)) return std::nullopt;
  return static_cast<IstioMetric>(found - kStats);
}
std::optional<IstioLabel> istio_label(std::string_view name) {
  const auto* found = std::ranges::find(kLabelNames, name);
  if (found == std::end(kLabelNames)) return std::nullopt;
  return static_cast<IstioLabel>(found - kLabelNames);
}

struct IstioMetrics::Labels {
  std::array<std::string_view, kLabels> values;
  std::optional<net::MeshPeer> endpoint;
  std::string flags, status, grpc_status;

  std::string_view& operator[](IstioLabel label) { return values[static_cast<size_t>(label)]; }
};

void IstioMetrics::fill_peers(const observe::StreamInfo& info, Labels& to) const {
  using L = IstioLabel;
  const bool server = config_.reporter != Reporter::kSource;
  const net::MeshPeer& self = config_.self;
  const net::MeshPeer* peer = server ? info.downstream_peer : info.upstream_peer;
  if (!peer && !server) {
    to.endpoint = peer_of_endpoint(info);
    if (to.endpoint) peer = &*to.endpoint;
  }
  static const net::MeshPeer kNobody;
  if (!peer) peer = &kNobody;

  const net::TlsInfo* tls = server ? info.downstream->tls.get() : info.upstream_tls.get();
  const std::string_view peer_principal = tls ? first_uri(tls->peer) : std::string_view();
  const std::string_view own_principal = tls ? first_uri(tls->local) : std::string_view();
  std::string_view peer_namespace = namespace_of(peer_principal);
  if (peer_namespace.empty()) peer_namespace = peer->namespace_name;
  if (server) {
    const bool mutual = !peer_principal.empty() && !own_principal.empty();
    to[L::kConnectionSecurityPolicy] = mutual ? "mutual_tls" : "none";
  } else {
    to[L::kConnectionSecurityPolicy] = kUnknown;
  }

  // The peer's half of the labels, then ours.
  const auto half = [&](L workload, L service, L revision, L space, L principal, L app, L version, L cluster) {
    to[workload] = or_unknown(peer->workload);
    to[service] = or_unknown(peer->canonical_name);
    to[revision] = or_latest(peer->canonical_revision);
    to[space] = or_unknown(peer_namespace);
    to[principal] = or_unknown(peer_principal);
    to[app] = or_unknown(peer->app);
    to[version] = or_unknown(peer->version);
    to[cluster] = or_unknown(peer->cluster);
  };
  const auto own = [&](L workload, L service, L revision, L space, L principal, L app, L version, L cluster) {
    to[workload] = self.workload;
    to[service] = self.canonical_name;
    to[revision] = self.canonical_revision;
    to[space] = self.namespace_name;
    to[principal] = or_unknown(own_principal);
    to[app] = self.app;
    to[version] = self.version;
    to[cluster] = self.cluster;
  };
  const auto source = [](auto fill) {
    fill(L::kSourceWorkload, L::kSourceCanonicalService, L::kSourceCanonicalRevision, L::kSourceWorkloadNamespace,
         L::kSourcePrincipal, L::kSourceApp, L::kSourceVersion, L::kSourceCluster);
  };
  const auto destination = [](auto fill) {
    fill(L::kDestinationWorkload, L::kDestinationCanonicalService, L::kDestinationCanonicalRevision,
         L::kDestinationWorkloadNamespace, L::kDestinationPrincipal, L::kDestinationApp, L::kDestinationVersion,
         L::kDestinationCluster);
  };
  const Service service = service_of(info, config_.host_header_fallback);
  if (server) {
    source(half);
    destination(own);
    to[L::kDestinationService] = service.host.empty() ? std::string_view(self.canonical_name) : service.host;
    to[L::kDestinationServiceName] = service.name.empty() ? std::string_view(self.canonical_name) : service.name;
    to[L::kDestinationServiceNamespace] = self.namespace_name;
  } else {
    source(own);
    destination(half);
    to[L::kDestinationService] = or_unknown(service.host);
    to[L::kDestinationServiceName] = or_unknown(service.name);
    to[L::kDestinationServiceNamespace] = or_unknown(peer_namespace);
  }
}

void IstioMetrics::fill(const observe::StreamInfo& info, Labels& to) const {
  switch (config_.reporter) {
    case Reporter::kSource: to[IstioLabel::kReporter] = "source"; break;
    case Reporter::kDestination: to[IstioLabel::kReporter] = "destination"; break;
    case Reporter::kGateway: to[IstioLabel::kReporter] = "waypoint"; break;
  }
  fill_peers(info, to);
  observe::append_flags(info.flags, /*long_form=*/false, to.flags);
  to[IstioLabel::kResponseFlags] = to.flags.empty() ? std::string_view("-") : std::string_view(to.flags);
}

observe::StatGroup* IstioMetrics::group(IstioMetric metric, const observe::StreamInfo& info,
                                        const Labels& labels) const {
  const auto& how = config_.metrics[static_cast<size_t>(metric)];
  if (how.dropped) return nullptr;
  // Names and values in their order: the text that tells one set of labels from another.
  std::string name;
  observe::StatTags tags;
  const auto append = [&](std::string_view label, std::string_view value) {
    name.append(label).append("=").append(value).append(";");
  };
  std::deque<std::string> computed;
  const auto value_of = [&](const observe::CelExpression* expression) -> std::string_view {
    if (!expression) return kUnknown;
    const observe::CelValue value = expression->evaluate(info);
    if (std::holds_alternative<observe::CelError>(value)) return kUnknown;
    return computed.emplace_back(observe::to_string(value));
  };
  std::vector<std::pair<std::string_view, std::string_view>> all;
  all.reserve(kLabels + how.more.size());
  for (size_t i = 0; i < kLabels; ++i) {
    if (how.without[i]) continue;
    all.emplace_back(kLabelNames[i], how.instead[i] ? value_of(how.instead[i].get()) : labels.values[i]);
  }
  for (const auto& [label, expression] : how.more) all.emplace_back(label, value_of(expression.get()));
  for (const auto& [label, value] : all) append(label, value);
  return config_.stats->find(kSchemas[static_cast<size_t>(metric)], name, [&] {
    for (const auto& [label, value] : all) tags.emplace_back(label, value);
    return std::move(tags);
  });
}

void IstioMetrics::add(IstioMetric metric, const observe::StreamInfo& info, const Labels& labels,
                       uint64_t amount) const {
  observe::StatGroup* stats = group(metric, info, labels);
  if (!stats) return;
  if (stats->schema().stats[0].kind == StatKind::kHistogram) {
    stats->record(0, amount);
  } else {
    stats->add(0, static_cast<int64_t>(amount));
  }
}

void IstioMetrics::request(const observe::StreamInfo& info,
                           std::optional<std::pair<uint64_t, uint64_t>> messages) const {
  Labels labels;
  fill(info, labels);
  const bool grpc = info.request && http::is_grpc(info.request->headers);
  if (grpc && messages) {  // their labels say nothing of the outcome, which the calls' first messages did not know
    add(IstioMetric::kRequestMessages, info, labels, messages->first);
    add(IstioMetric::kResponseMessages, info, labels, messages->second);
  }
  labels[IstioLabel::kRequestProtocol] = grpc ? "grpc" : "http";
  labels.status = std::to_string(info.response_code);
  labels[IstioLabel::kResponseCode] = labels.status;
  if (grpc) labels.grpc_status = std::to_string(observe::grpc_status_of(info));
  labels[IstioLabel::kGrpcResponseStatus] = labels.grpc_status;
  add(IstioMetric::kRequests, info, labels, 1);
  const auto took = std::chrono::duration_cast<Milliseconds>(info.end - info.start);
  add(IstioMetric::kRequestDuration, info, labels, static_cast<uint64_t>(took.count()));
  add(IstioMetric::kRequestBytes, info, labels, info.downstream_bytes.received);
  add(IstioMetric::kResponseBytes, info, labels, info.downstream_bytes.sent);
}

void IstioMetrics::connection(const observe::StreamInfo& info, bool last, Relayed& relayed) const {
  if (!std::exchange(relayed.opened, true)) {
    Labels labels;
    fill(info, labels);
    labels[IstioLabel::kRequestProtocol] = "tcp";
    add(IstioMetric::kTcpOpened, info, labels, 1);
    relayed.of_sent = group(IstioMetric::kTcpSent, info, labels);
    relayed.of_received = group(IstioMetric::kTcpReceived, info, labels);
    relayed.of_closed = group(IstioMetric::kTcpClosed, info, labels);
  }
  const auto add_to = [](observe::StatGroup* stats, uint64_t amount) {
    if (stats) stats->add(0, static_cast<int64_t>(amount));
  };
  add_to(relayed.of_sent, info.downstream_bytes.sent - std::exchange(relayed.sent, info.downstream_bytes.sent));
  add_to(relayed.of_received,
         info.downstream_bytes.received - std::exchange(relayed.received, info.downstream_bytes.received));
  if (last) add_to(relayed.of_closed, 1);
}

}  // namespace proa::filters
