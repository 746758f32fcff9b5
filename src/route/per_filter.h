// Configuration of a filter on a route, virtual host, table or weighted cluster (typed_per_filter_config).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace proa::route {

/// Filters derive from it. Immutable.
struct PerFilterConfig {
  virtual ~PerFilterConfig() = default;
  /// FilterConfig.disabled: the filter is off on this route. False turns on one that is off by default.
  bool disabled = false;
};

/// A few entries, by the filter's name.
class PerFilter {
 public:
  void set(std::string filter, std::shared_ptr<const PerFilterConfig> config);
  /// Adds entries of `outer` for the filters that this one has none for.
  void inherit(const PerFilter& outer);
  const PerFilterConfig* find(std::string_view filter) const;
  bool empty() const { return entries_.empty(); }
  /// Every level's entry, least specific first: for filters that merge them (cors, lua, header_mutation).
  const std::vector<std::pair<std::string, std::shared_ptr<const PerFilterConfig>>>& entries() const {
    return entries_;
  }

 private:
  std::vector<std::pair<std::string, std::shared_ptr<const PerFilterConfig>>> entries_;
};

}  // namespace proa::route
