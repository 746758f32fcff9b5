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

/// A few entries by the filter's name, the most specific level's first.
class PerFilter {
 public:
  void set(std::string filter, std::shared_ptr<const PerFilterConfig> config);
  /// Adds the entries of the next outer level behind these.
  void inherit(const PerFilter& outer);
  /// The most specific one, or null.
  const PerFilterConfig* find(std::string_view filter) const;
  bool empty() const { return entries_.empty(); }
  /// Of all levels, the most specific first: for filters that merge them (header_mutation).
  const std::vector<std::pair<std::string, std::shared_ptr<const PerFilterConfig>>>& entries() const {
    return entries_;
  }

 private:
  std::vector<std::pair<std::string, std::shared_ptr<const PerFilterConfig>>> entries_;
};

}  // namespace proa::route
