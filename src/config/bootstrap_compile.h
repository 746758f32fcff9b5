// Bootstrap -> proxy::Snapshot.
#pragma once

#include "config/compiler.h"
#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "proxy/snapshot.h"

namespace proa::config {

class SupportedTable;

/// Problems are at `at`, the root; with errors the snapshot must not be used.
proxy::Snapshot compile_bootstrap(const envoy::config::bootstrap::v3::Bootstrap& from, const Site& at,
                                  Compiler& compiler);

void add_bootstrap_fields(SupportedTable& table);

}  // namespace proa::config
