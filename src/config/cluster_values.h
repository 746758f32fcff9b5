// Parts of clusters that others need too: endpoints and subset criteria.
#pragma once

#include <memory>

#include "config/compiler.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "upstream/lb/endpoint.h"
#include "upstream/lb/lb_context.h"

namespace proa::config {

class SupportedTable;

/// Key and compact JSON value of each pair under "envoy.lb", sorted.
upstream::SubsetValues subset_values(const google::protobuf::Struct& from);
/// Null when there is nothing under "envoy.lb".
std::shared_ptr<const upstream::SubsetCriteria> subset_criteria(const envoy::config::core::v3::Metadata& from);

/// `names`: endpoints are names to resolve (DNS clusters), not addresses.
upstream::Assignment compile_assignment(const envoy::config::endpoint::v3::ClusterLoadAssignment& from, bool names,
                                        const Site& at);

void add_cluster_value_fields(SupportedTable& table);

}  // namespace proa::config
