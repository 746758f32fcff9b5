// Metadata: namespace -> JSON object, the form in which filters, routes, clusters and hosts tell facts to
// matchers and formatters (Envoy's core.v3.Metadata).
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "observe/stream_info.h"

namespace proa::observe {

struct Metadata {
  nlohmann::json root = nlohmann::json::object();  ///< {"envoy.lb": {...}, ...}
  /// The value under namespace and path, or nullptr.
  const nlohmann::json* find(std::string_view space, std::span<const std::string> path) const;
};

/// The exchange's dynamic metadata, made in `arena` on the first call.
Metadata& mutable_metadata(StreamInfo& info, Arena& arena);
/// The exchange's filter state, likewise.
Metadata& mutable_filter_state(StreamInfo& info, Arena& arena);

}  // namespace proa::observe
