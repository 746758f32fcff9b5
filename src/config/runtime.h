// LayeredRuntime -> route::Runtime: the static layers, later ones over earlier ones.
#pragma once

#include <memory>

#include "config/site.h"
#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "route/fraction.h"

namespace proa::config {

class SupportedTable;

/// Null when no layer sets anything. Keys of Envoy's own feature flags are accepted and have no effect.
std::shared_ptr<const route::Runtime> compile_runtime(const envoy::config::bootstrap::v3::LayeredRuntime& from,
                                                      const Site& at);

void add_runtime_fields(SupportedTable& table);

}  // namespace proa::config
