// A set of small numbers, such as ports: ranges in order, found by binary search.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace proa {

/// Immutable in use. Empty: nothing is in it.
struct NumberRanges {
  struct Range {
    uint32_t first = 0;
    uint32_t last = 0;  ///< inclusive
    bool operator==(const Range&) const = default;
  };
  std::vector<Range> ranges;  ///< ascending, apart from each other

  bool contains(uint32_t number) const {
    auto after = std::ranges::upper_bound(ranges, number, {}, &Range::first);
    return after != ranges.begin() && number <= std::prev(after)->last;
  }
};

}  // namespace proa
