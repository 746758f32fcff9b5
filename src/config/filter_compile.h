// HTTP filters: from their protobuf to the filter, and from a route's typed_per_filter_config to its part.
#pragma once

#include <memory>
#include <string>

#include <google/protobuf/any.pb.h>
#include <google/protobuf/map.h>

#include "config/compiler.h"
#include "envoy/config/common/mutation_rules/v3/mutation_rules.pb.h"
#include "filters/filter.h"
#include "route/header_ops.h"
#include "route/per_filter.h"

namespace proa::config {

class SupportedTable;

/// Null after a problem (a type that is not known has been named by check_supported).
std::unique_ptr<filters::Filter> compile_http_filter(const google::protobuf::Message& from,
                                                     const std::string& stat_prefix, const Site& at,
                                                     Compiler& compiler);

route::PerFilter compile_per_filter(const google::protobuf::Map<std::string, google::protobuf::Any>& from,
                                    const Site& at, Compiler& compiler);

/// One after the other, as header_mutation lists them.
void compile_header_mutations(
    const google::protobuf::RepeatedPtrField<envoy::config::common::mutation_rules::v3::HeaderMutation>& from,
    route::HeaderOps& to, const Site& at);

void add_filter_fields(SupportedTable& table);

}  // namespace proa::config
