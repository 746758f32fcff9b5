#include "config/load.h"

#include "config/access_log_compile.h"
#include "config/bootstrap_compile.h"
#include "config/cluster_compile.h"
#include "config/cluster_values.h"
#include "config/compiler.h"
#include "config/dynamic_sources.h"
#include "config/early_request_compile.h"
#include "config/filter_chain_compile.h"
#include "config/filter_compile.h"
#include "config/http_manager_compile.h"
#include "config/http_protocol_compile.h"
#include "config/listener_compile.h"
#include "config/matcher_compile.h"
#include "config/network_filter_compile.h"
#include "config/redact.h"
#include "config/reference.h"
#include "config/route_compile.h"
#include "config/rules.h"
#include "config/runtime.h"
#include "config/supported.h"
#include "config/tcp_proxy_compile.h"
#include "config/tls_compile.h"
#include "config/tracing_compile.h"
#include "config/values.h"
#include "config/watchdog_compile.h"

namespace proa::config {

const SupportedTable& supported_table() {
  static const SupportedTable table = [] {
    SupportedTable t;
    for (auto add :
         {add_value_fields,         add_bootstrap_fields,    add_watchdog_fields,       add_runtime_fields,
          add_listener_fields,      add_filter_chain_fields, add_http_manager_fields,   add_early_request_fields,
          add_http_protocol_fields, add_tcp_proxy_fields,    add_route_fields,          add_matcher_fields,
          add_access_log_fields,    add_cluster_fields,      add_cluster_value_fields,  add_dynamic_source_fields,
          add_tls_fields,           add_filter_fields,       add_network_filter_fields, add_tracing_fields}) {
      add(t);
    }
    return t;
  }();
  return table;
}

/// Kept as bytes: as text it would be the largest part of an idle process with many clusters.
std::function<std::string()> dump_later(envoy::config::bootstrap::v3::Bootstrap& bootstrap) {
  redact(bootstrap);
  return [bytes = std::make_shared<const std::string>(bootstrap.SerializeAsString())] {
    envoy::config::bootstrap::v3::Bootstrap again;
    again.ParseFromString(*bytes);
    return to_json(again, false).value_or("{}");
  };
}

proxy::Snapshot load(const LoadOptions& options, SharedObjects& shared, Problems& problems) {
  envoy::config::bootstrap::v3::Bootstrap bootstrap;
  Marks marks;
  read_config(options.source, bootstrap, marks, problems);
  if (!problems.ok()) return {};
  const FieldPath root;
  const Site at(marks, problems, root);
  check_rules(bootstrap, at);
  check_supported(bootstrap, supported_table(), options.allow_unsupported, at);
  Compiler compiler{.shared = shared,
                    .bootstrap = bootstrap,
                    .service_cluster = options.service_cluster,
                    .service_node = options.service_node,
                    .service_zone = options.service_zone,
                    .health_checks_fail = options.health_checks_fail,
                    .main_loop = options.main_loop,
                    .dynamic = options.dynamic};
  for (const auto& cluster : bootstrap.static_resources().clusters()) compiler.clusters.insert(cluster.name());
  if (options.dynamic) {
    options.dynamic->begin(bootstrap, options, at);
    if (!problems.ok()) return {};
  }
  proxy::Snapshot snapshot = compile_bootstrap(bootstrap, at, compiler);
  snapshot.config_dump = dump_later(bootstrap);
  return snapshot;
}

std::string configuration_reference() {
  std::string out;
  write_reference(supported_table(), *envoy::config::bootstrap::v3::Bootstrap::descriptor(), out);
  return out;
}

}  // namespace proa::config
