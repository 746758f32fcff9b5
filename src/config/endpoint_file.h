// eds_cluster_config with a path_config_source: endpoints from a file that is read again when it changes.
#pragma once

#include <memory>

#include "config/compiler.h"
#include "envoy/config/cluster/v3/cluster.pb.h"
#include "upstream/endpoint_source.h"

namespace proa::config {

class SupportedTable;

/// Null after a problem.
std::shared_ptr<upstream::EndpointSource> compile_endpoint_source(
    const envoy::config::cluster::v3::Cluster::EdsClusterConfig& from, const std::string& cluster, const Site& at,
    Compiler& compiler);

void add_endpoint_source_fields(SupportedTable& table);

}  // namespace proa::config
