// An ordered list of filters with what the request path needs precomputed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "filters/filter.h"

namespace proa::filters {

/// Immutable after the last add(); shared by all requests of a connection manager.
class Chain {
 public:
  /// `name` as configured; `disabled`: only routes enable it.
  void add(std::string name, std::unique_ptr<Filter> filter, bool disabled);

  const std::vector<std::unique_ptr<Filter>>& filters() const { return filters_; }
  size_t size() const { return filters_.size(); }
  /// True when any filter wants it.
  const Wants& wants() const { return wants_; }

 private:
  std::vector<std::unique_ptr<Filter>> filters_;
  Wants wants_;
};

}  // namespace proa::filters
