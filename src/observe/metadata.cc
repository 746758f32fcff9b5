#include "observe/metadata.h"

namespace proa::observe {

const nlohmann::json* Metadata::find(std::string_view space, std::span<const std::string> path) const {
  if (!root.is_object()) return nullptr;
  auto at = root.find(space);
  if (at == root.end()) return nullptr;
  const nlohmann::json* value = &*at;
  for (const std::string& key : path) {
    if (!value->is_object()) return nullptr;
    auto next = value->find(key);
    if (next == value->end()) return nullptr;
    value = &*next;
  }
  return value;
}

Metadata& mutable_metadata(StreamInfo& info, Arena& arena) {
  if (!info.dynamic_metadata) info.dynamic_metadata = arena.make<Metadata>();
  return *info.dynamic_metadata;
}

Metadata& mutable_filter_state(StreamInfo& info, Arena& arena) {
  if (!info.filter_state) info.filter_state = arena.make<Metadata>();
  return *info.filter_state;
}

}  // namespace proa::observe
