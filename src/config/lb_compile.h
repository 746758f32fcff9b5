// How a cluster balances: lb_policy with its *_lb_config, or load_balancing_policy -> upstream::LbSpec.
#pragma once

#include <memory>

#include "config/site.h"
#include "envoy/config/cluster/v3/cluster.pb.h"
#include "upstream/lb/lb_spec.h"

namespace proa::config {

class SupportedTable;

/// Null: the defaults.
std::shared_ptr<const upstream::LbSpec> compile_lb(const envoy::config::cluster::v3::Cluster& from, const Site& at);

void add_lb_fields(SupportedTable& table);

}  // namespace proa::config
