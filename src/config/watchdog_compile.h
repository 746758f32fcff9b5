// Bootstrap.watchdogs, and its deprecated single form.
#pragma once

#include "config/site.h"
#include "proxy/snapshot.h"

namespace envoy::config::bootstrap::v3 {
class Bootstrap;
}

namespace proa::config {

class SupportedTable;

void compile_watchdogs(const envoy::config::bootstrap::v3::Bootstrap& from, proxy::Snapshot& to, const Site& at);
void add_watchdog_fields(SupportedTable& table);

}  // namespace proa::config
