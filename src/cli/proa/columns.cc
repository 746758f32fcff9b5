#include "cli/proa/columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace proa::cli {

void Columns::print(const Rows& rows) {
  if (rows.empty()) return;
  widths_.resize(rows.front().size());
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths_[i] = std::max(widths_[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += fmt::format("{:<{}}", row[i], i + 1 < row.size() ? widths_[i] + 2 : 0);
    }
    std::puts(line.c_str());
  }
}

}  // namespace proa::cli
