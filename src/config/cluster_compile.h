// Cluster -> upstream::ClusterSpec.
#pragma once

#include "config/compiler.h"
#include "envoy/config/cluster/v3/cluster.pb.h"
#include "upstream/spec.h"

namespace proa::config {

class SupportedTable;

/// Problems are at `at`.
upstream::ClusterSpec compile_cluster(const envoy::config::cluster::v3::Cluster& from, const Site& at,
                                      Compiler& compiler);

void add_cluster_fields(SupportedTable& table);

}  // namespace proa::config
