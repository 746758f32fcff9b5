#include "config/bootstrap_compile.h"

#include <fmt/format.h>

#include <set>

#include "config/access_log_compile.h"
#include "config/cluster_compile.h"
#include "config/filter_chain_compile.h"
#include "config/listener_compile.h"
#include "config/runtime.h"
#include "config/supported.h"
#include "config/typed_payload.h"
#include "config/values.h"
#include "config/watchdog_compile.h"
#include "envoy/config/overload/v3/overload.pb.h"
#include "envoy/extensions/resource_monitors/downstream_connections/v3/downstream_connections.pb.h"

namespace proa::config {

namespace bv3 = envoy::config::bootstrap::v3;
namespace core = envoy::config::core::v3;
using proxy::Snapshot;

namespace {

constexpr std::string_view kGlobalLimitKey = "overload.global_downstream_max_connections";

void compile_node(const core::Node& from, Snapshot& to, Compiler& compiler) {
  auto pick = [](std::string& wanted, const std::string& fallback) {
    if (wanted.empty()) wanted = fallback;
  };
  pick(compiler.service_node, from.id());
  pick(compiler.service_cluster, from.cluster());
  pick(compiler.service_zone, from.locality().zone());
  to.node = {.id = compiler.service_node,
             .cluster = compiler.service_cluster,
             .region = from.locality().region(),
             .zone = compiler.service_zone,
             .sub_zone = from.locality().sub_zone()};
}

void compile_listeners(const bv3::Bootstrap& from, Snapshot& to, const Site& at, Compiler& compiler) {
  const Site list = at / "static_resources.listeners";
  std::set<std::string> names;
  for (int i = 0; i < from.static_resources().listeners_size(); ++i) {
    const Site item = list[static_cast<size_t>(i)];
    auto listener = compile_listener(from.static_resources().listeners(i), item, compiler);
    if (!names.insert(listener->name).second) {
      (item / "name").error(fmt::format("there is another listener named {}", shown(listener->name)), "rename one");
    }
    to.listeners.push_back(std::move(listener));
  }
}

void compile_clusters(const bv3::Bootstrap& from, Snapshot& to, const Site& at, Compiler& compiler) {
  const Site list = at / "static_resources.clusters";
  std::set<std::string> names;
  for (int i = 0; i < from.static_resources().clusters_size(); ++i) {
    const Site item = list[static_cast<size_t>(i)];
    upstream::ClusterSpec cluster = compile_cluster(from.static_resources().clusters(i), item, compiler);
    if (!names.insert(cluster.name).second) {
      (item / "name").error(fmt::format("there is another cluster named {}", shown(cluster.name)), "rename one");
      continue;
    }
    to.clusters.push_back(std::move(cluster));
  }
}

void compile_overload(const bv3::Bootstrap& from, Snapshot& to) {
  using envoy::extensions::resource_monitors::downstream_connections::v3::DownstreamConnectionsConfig;
  for (int i = 0; i < from.overload_manager().resource_monitors_size(); ++i) {
    const auto& monitor = from.overload_manager().resource_monitors(i);
    Result<Payload> payload = open_any(monitor.typed_config());
    const auto* connections =
        payload ? dynamic_cast<const DownstreamConnectionsConfig*>(payload->message.get()) : nullptr;
    if (connections) to.connection_limit = connections->max_active_downstream_connections();
  }
  if (auto limit = runtime_integer(from, std::string(kGlobalLimitKey))) to.connection_limit = *limit;
}

void compile_admin(const bv3::Bootstrap& from, Snapshot& to, const Site& at, Compiler& compiler) {
  if (!from.has_admin()) return;
  const Site admin = at / "admin";
  if (from.admin().has_address()) {
    if (auto where = address(from.admin().address(), admin / "address")) to.admin.address = *where;
    if (uint32_t mode = from.admin().address().pipe().mode()) to.admin.unix_mode = mode;
  }
  const Site logs = admin / "access_log";
  to.admin.access_logs = compile_access_logs(from.admin().access_log(), logs, compiler);
}

}  // namespace

Snapshot compile_bootstrap(const bv3::Bootstrap& from, const Site& at, Compiler& compiler) {
  Snapshot to;
  compile_node(from.node(), to, compiler);
  to.runtime = compile_runtime(from.layered_runtime(), at / "layered_runtime");
  compile_clusters(from, to, at, compiler);
  compile_listeners(from, to, at, compiler);
  compile_overload(from, to);
  compile_admin(from, to, at, compiler);
  compile_watchdogs(from, to, at);
  to.local_cluster = from.cluster_manager().local_cluster_name();
  return to;
}

void add_bootstrap_fields(SupportedTable& table) {
  table.add(
      supported<bv3::Bootstrap>({"node", "static_resources", "dynamic_resources", "cluster_manager", "admin",
                                 "layered_runtime", "overload_manager", "watchdog", "watchdogs"})
          .must_know({"overload_manager"})
          .harmless({"stats_flush_interval", "stats_flush_on_admin"}, "statistics are read when they are asked for")
          .harmless({"deferred_stat_options"}, "statistics take no memory before they are first written")
          .harmless({"enable_dispatcher_stats"}, "there are none")
          .security({"default_socket_interface", "header_prefix", "xds_config_tracker_extension"}));
  table.add(supported<bv3::Bootstrap::DynamicResources>({"lds_config", "cds_config", "ads_config"}));
  table.add(supported<bv3::Bootstrap::StaticResources>({"listeners", "clusters"}).security({"secrets"}));
  table.add(
      supported<bv3::ClusterManager>({"local_cluster_name", "outlier_detection"})
          .harmless({"enable_deferred_cluster_creation"}, "a worker makes a cluster at its first request anyway"));
  table.add(supported<bv3::Admin>({"address", "access_log"})
                .harmless({"profile_path"}, "there is no built-in profiler")
                .security({"socket_options", "allow_paths"}));
  table.add(supported<core::Node>({"id", "cluster", "locality", "metadata", "user_agent_name", "user_agent_version",
                                   "user_agent_build_version", "extensions", "client_features"}));
  // Parts of the node: the control plane gets it as it is.
  table.add(supported<core::BuildVersion>({"version", "metadata"}));
  table.add(supported<envoy::type::v3::SemanticVersion>({"major_number", "minor_number", "patch"}));
  table.add(supported<core::Extension>({"name", "category", "type_descriptor", "version", "disabled", "type_urls"}));
  table.add(supported<core::Locality>({"region", "zone", "sub_zone"}));
  table.add(supported<envoy::config::overload::v3::OverloadManager>({"resource_monitors"})
                .harmless({"refresh_interval"}, "the number of connections is always known")
                .security({"actions", "loadshed_points", "buffer_factory_config"}));
  table.add(
      supported<envoy::config::overload::v3::ResourceMonitor>({"name", "typed_config"}).must_know({"typed_config"}));
  table.add(supported<envoy::extensions::resource_monitors::downstream_connections::v3::DownstreamConnectionsConfig>(
      {"max_active_downstream_connections"}));
}

}  // namespace proa::config
