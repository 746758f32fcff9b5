#include "config/bootstrap_compile.h"

#include <gmock/gmock.h>

#include "config/test_compile.h"

namespace proa::config {
namespace {

struct BootstrapCompile : CompileTest {
  proxy::Snapshot compile(std::string_view yaml) {
    bootstrap = read<envoy::config::bootstrap::v3::Bootstrap>(yaml);
    return compile_bootstrap(bootstrap, at, compiler);
  }
};

TEST_F(BootstrapCompile, an_empty_one) {
  const proxy::Snapshot to = compile("{}");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_TRUE(to.listeners.empty() && to.clusters.empty());
  EXPECT_FALSE(to.admin.address);
  EXPECT_EQ(to.connection_limit, 0);
}

TEST_F(BootstrapCompile, the_command_line_names_the_node_before_the_file) {
  compiler.service_node.clear();
  const proxy::Snapshot to =
      compile("{node: {id: file-id, cluster: file-cluster, locality: {region: r, zone: file-zone, sub_zone: s}}}");
  EXPECT_EQ(to.node.id, "file-id");
  EXPECT_EQ(to.node.cluster, "front");
  EXPECT_EQ(to.node.zone, "z");
  EXPECT_EQ(to.node.region, "r");
  EXPECT_EQ(to.node.sub_zone, "s");
}

TEST_F(BootstrapCompile, names_are_unique) {
  compile("{static_resources: {clusters: [{name: a}, {name: a}]}}");
  EXPECT_EQ(problem_lines(), "static_resources.clusters[1].name: there is another cluster named \"a\"\n");
}

TEST_F(BootstrapCompile, admin) {
  const proxy::Snapshot to = compile("{admin: {address: {pipe: {path: /run/a.sock, mode: 432}}}}");
  EXPECT_EQ(to.admin.address.to_string(), "/run/a.sock");
  EXPECT_EQ(to.admin.unix_mode, 0660U);
  EXPECT_EQ(compile("{admin: {address: {pipe: {path: /run/a.sock}}}}").admin.unix_mode, 0600U);
}

TEST_F(BootstrapCompile, the_limit_of_connections) {
  constexpr std::string_view kMonitor =
      "overload_manager: {resource_monitors: [{name: m, typed_config: {\"@type\": "
      "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig, "
      "max_active_downstream_connections: 100}}]}";
  EXPECT_EQ(compile("{" + std::string(kMonitor) + "}").connection_limit, 100);
  EXPECT_EQ(compile("{" + std::string(kMonitor) +
                    ", layered_runtime: {layers: [{name: s, static_layer: "
                    "{overload.global_downstream_max_connections: 50}}]}}")
                .connection_limit,
            50)
      << "the runtime key wins";
}

TEST_F(BootstrapCompile, the_local_cluster_and_the_watchdogs) {
  const proxy::Snapshot to =
      compile("{cluster_manager: {local_cluster_name: here}, watchdogs: {worker_watchdog: {miss_timeout: 0.3s}}}");
  EXPECT_EQ(to.local_cluster, "here");
  EXPECT_EQ(to.worker_watchdog.miss, Milliseconds(300));
  EXPECT_EQ(to.main_watchdog.miss, Milliseconds(200));
}

}  // namespace
}  // namespace proa::config
