// prometheus_text: metrics as a proxy's /stats/prometheus has them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace proa::mesh {

struct Sample {
  std::string name{};
  std::map<std::string, std::string, std::less<>> labels{};
  double value = 0;
};

/// Those of these names, in their order; all else is passed over. Fails, with its number, for a line of one of them that is
/// not well-formed.
Result<std::vector<Sample>> read_prometheus(std::string_view text, const std::set<std::string, std::less<>>& names);

}  // namespace proa::mesh
