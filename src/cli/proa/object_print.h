// object_print: objects of the API as tables, YAML and JSON.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/proa/columns.h"
#include "cli/proa/kind_columns.h"
#include "mesh/api/objects.pb.h"

namespace proa::cli {

struct TableLook {
  bool namespaces = false;                ///< with a column for them
  bool kinds = false;                     ///< names with their kind
  std::span<const KindColumn> columns{};  ///< of the one kind that is shown; objects come with their texts
  std::int64_t now = 0;                   ///< seconds since 1970
};

/// With the heading first.
Rows object_rows(const std::vector<proa::api::v1::Object>& objects, const TableLook& look);
/// Documents with "---" between them.
void print_yaml(const std::vector<proa::api::v1::Object>& objects);
/// An object's text as JSON.
Result<nlohmann::ordered_json> object_json(const proa::api::v1::Object& object);
/// One object, or a List of them.
Status print_json(const std::vector<proa::api::v1::Object>& objects, bool one);

/// "5s", "3m20s", "7h", "12d": as kubectl tells ages.
std::string age_of(std::int64_t seconds);

}  // namespace proa::cli
