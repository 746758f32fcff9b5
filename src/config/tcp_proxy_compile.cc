#include "config/tcp_proxy_compile.h"

#include "config/access_log_compile.h"
#include "config/cluster_values.h"
#include "config/route_compile.h"
#include "config/supported.h"
#include "config/values.h"

namespace proa::config {

namespace tcp = envoy::extensions::filters::network::tcp_proxy::v3;
using proxy::TcpProxy;

namespace {

std::shared_ptr<const proxy::Tunneling> compile_tunneling(const tcp::TcpProxy::TunnelingConfig& from, const Site& at) {
  auto to = std::make_shared<proxy::Tunneling>();
  auto hostname = observe::Formatter::compile(from.hostname(), observe::FormatTarget::kHeader);
  hostname ? void(to->hostname = std::move(*hostname)) : (at / "hostname").error(hostname.error().message);
  to->post = from.use_post();
  if (!from.post_path().empty()) {
    if (!from.use_post()) (at / "post_path").error("CONNECT has no path", "set use_post: true, or remove it");
    if (!from.post_path().starts_with('/')) (at / "post_path").error("does not begin with /");
    to->post_path = from.post_path();
  }
  compile_header_additions(from.headers_to_add(), to->headers, at / "headers_to_add");
  to->keep_response_headers = from.propagate_response_headers();
  to->keep_response_trailers = from.propagate_response_trailers();
  return to;
}

}  // namespace

std::shared_ptr<const TcpProxy> compile_tcp_proxy(const tcp::TcpProxy& from, bool sni_cluster, size_t buffer_limit,
                                                  const Site& at, Compiler& compiler) {
  auto to = std::make_shared<TcpProxy>();
  to->stats =
      compiler.shared.stats(proxy::kTcpSchema, {from.stat_prefix(), {{"envoy_tcp_prefix", from.stat_prefix()}}});
  to->cluster_from_sni = sni_cluster;
  auto criteria = subset_criteria(from.metadata_match());
  if (from.has_weighted_clusters()) {
    to->total_weight = 0;
    for (const auto& cluster : from.weighted_clusters().clusters()) {
      auto own = cluster.has_metadata_match() ? subset_criteria(cluster.metadata_match()) : criteria;
      to->targets.push_back({cluster.name(), cluster.weight(), std::move(own)});
      to->total_weight += cluster.weight();
    }
    if (to->total_weight == 0) (at / "weighted_clusters").error("the weights sum up to 0", "give one a weight");
  } else {
    to->targets.push_back({from.cluster(), 1, criteria});
  }
  if (from.has_idle_timeout()) to->idle_timeout = or_never(from.idle_timeout());
  if (from.has_max_downstream_connection_duration()) {
    to->max_connection_duration = or_never(from.max_downstream_connection_duration());
  }
  if (from.has_max_connect_attempts()) to->max_connect_attempts = from.max_connect_attempts().value();
  for (const auto& policy : from.hash_policy()) to->hash_source_ip |= policy.has_source_ip();
  to->buffer_limit = buffer_limit;
  if (from.has_tunneling_config()) {
    to->tunneling = compile_tunneling(from.tunneling_config(), at / "tunneling_config");
  }
  const Site logs = at / "access_log";
  to->access_logs = compile_access_logs(from.access_log(), logs, compiler);
  return to;
}

void add_tcp_proxy_fields(SupportedTable& table) {
  table.add(supported<tcp::TcpProxy>({"stat_prefix", "cluster", "weighted_clusters", "metadata_match", "idle_timeout",
                                      "access_log", "max_connect_attempts", "hash_policy",
                                      "max_downstream_connection_duration", "tunneling_config"})
                .security({"on_demand"}));
  table.add(supported<tcp::TcpProxy::TunnelingConfig>({"hostname", "use_post", "post_path", "headers_to_add",
                                                       "propagate_response_headers", "propagate_response_trailers"}));
  table.add(supported<tcp::TcpProxy::WeightedCluster>({"clusters"}));
  table.add(supported<tcp::TcpProxy::WeightedCluster::ClusterWeight>({"name", "weight", "metadata_match"}));
  table.add(supported<envoy::type::v3::HashPolicy>({"source_ip"}));
  table.add(supported<envoy::type::v3::HashPolicy::SourceIp>({}));
}

}  // namespace proa::config
