#include "route/per_filter.h"

namespace proa::route {

void PerFilter::set(std::string filter, std::shared_ptr<const PerFilterConfig> config) {
  for (auto& [name, old] : entries_) {
    if (name == filter) {
      old = std::move(config);
      return;
    }
  }
  entries_.emplace_back(std::move(filter), std::move(config));
}

void PerFilter::inherit(const PerFilter& outer) {
  entries_.insert(entries_.end(), outer.entries_.begin(), outer.entries_.end());
}

const PerFilterConfig* PerFilter::find(std::string_view filter) const {
  for (const auto& [name, config] : entries_) {
    if (name == filter) return config.get();
  }
  return nullptr;
}

}  // namespace proa::route
