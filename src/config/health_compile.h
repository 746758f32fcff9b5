// Health checks and outlier detection of a cluster -> upstream specs.
#pragma once

#include <memory>
#include <vector>

#include "config/compiler.h"
#include "envoy/config/cluster/v3/cluster.pb.h"
#include "upstream/health_check_spec.h"
#include "upstream/outlier_spec.h"

namespace proa::config {

class SupportedTable;

std::vector<std::shared_ptr<const upstream::HealthCheckSpec>> compile_health_checks(
    const envoy::config::cluster::v3::Cluster& from, const Site& at);
/// Null: off.
std::shared_ptr<const upstream::OutlierSpec> compile_outlier_detection(const envoy::config::cluster::v3::Cluster& from,
                                                                       const Site& at, const Compiler& compiler);

void add_health_fields(SupportedTable& table);

}  // namespace proa::config
