#include "observe/dynamic_stats.h"

#include <atomic>
#include <unordered_map>

namespace proa::observe {
namespace {

std::atomic<uint64_t> next_serial{1};

struct Place {
  const StatSchema* schema;
  std::string_view name;
};
struct OwnPlace {
  const StatSchema* schema;
  std::string name;
  operator Place() const { return {schema, name}; }  // NOLINT: implicit
};
struct Hash {
  using is_transparent = void;
  size_t operator()(const Place& place) const {
    return std::hash<const void*>{}(place.schema) ^ std::hash<std::string_view>{}(place.name);
  }
};
struct Equal {
  using is_transparent = void;
  bool operator()(const Place& a, const Place& b) const { return a.schema == b.schema && a.name == b.name; }
};

/// Of the object that this thread used last: a process has one.
struct Known {
  uint64_t serial = 0;
  std::unordered_map<OwnPlace, StatGroup*, Hash, Equal> groups;
};
thread_local Known known;

}  // namespace

DynamicStats::DynamicStats(Registry& registry, size_t most)
    : registry_(registry), most_(most), serial_(next_serial.fetch_add(1)) {}

StatGroup* DynamicStats::find(const StatSchema& schema, std::string_view name, const std::function<StatTags()>& tags) {
  if (known.serial != serial_) known = {.serial = serial_, .groups = {}};
  auto found = known.groups.find(Place{&schema, name});
  if (found != known.groups.end()) return found->second;
  StatGroup* group = find_slowly(schema, name, tags);
  if (group) known.groups.emplace(OwnPlace{&schema, std::string(name)}, group);
  return group;
}

StatGroup* DynamicStats::find_slowly(const StatSchema& schema, std::string_view name,
                                     const std::function<StatTags()>& tags) {
  const std::lock_guard lock(mutex_);
  Key key{&schema, name};
  auto found = groups_.find(key);
  if (found != groups_.end()) return found->second.get();
  if (groups_.size() >= most_) return nullptr;
  auto group = std::make_unique<StatGroup>(registry_, schema, StatName{std::string(name), tags()});
  return groups_.emplace(std::move(key), std::move(group)).first->second.get();
}

}  // namespace proa::observe
