// The configuration in force as envoy.admin.v3.ConfigDump, and parts of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "admin/context.h"
#include "admin/json_response.h"
#include "base/result.h"

namespace proa::admin {

struct DumpQuery {
  std::string resource;           ///< of one list only ("static_clusters"); empty: everything
  std::string name_regex;         ///< of resources whose whole name matches; empty: all
  std::vector<std::string> mask;  ///< "a.b": only these fields, of each resource or dump; empty: all
  bool endpoints = false;         ///< include_eds
  std::optional<WallTime> loaded_at;
};

/// Refused: `status` is 400 for a bad regular expression, 404 for a resource that there is not.
struct DumpRefused {
  uint16_t status;
  std::string why;
};

/// {"configs": [..]}. Secrets were taken out when the configuration was loaded. Main thread.
std::expected<Json, DumpRefused> dump_config(const AdminContext& context, const DumpQuery& query);

}  // namespace proa::admin
