// From a file to a snapshot: read, check, compile. The one way in for starting, validating and reloading.
#pragma once

#include <atomic>
#include <string>

#include "config/config_file.h"
#include "config/problems.h"
#include "observe/registry.h"
#include "proxy/snapshot.h"

namespace proa::net {
class Loop;
}

namespace proa::config {

class DynamicSources;
class SharedObjects;
class SupportedTable;

struct LoadOptions {
  ConfigSource source;
  bool allow_unsupported = false;  ///< unsupported fields are warnings, unless their neglect weakens security
  std::string service_cluster, service_node, service_zone;
  std::string state_dir;                                  ///< for what control planes say; empty: nothing is kept
  const std::atomic<bool>* health_checks_fail = nullptr;  ///< of the server; null when only validating
  net::Loop* main_loop = nullptr;                         ///< likewise
  DynamicSources* dynamic = nullptr;                      ///< likewise
};

/// Everything that is wrong is in `problems`; use the snapshot only if problems.ok(). Frees what it read: the
/// protobuf messages are gone when it returns.
proxy::Snapshot load(const LoadOptions& options, SharedObjects& shared, Problems& problems);

/// Which fields of which messages the program implements.
const SupportedTable& supported_table();

/// docs/configuration.md.
std::string configuration_reference();

}  // namespace proa::config
