// Rows of words, aligned.
#pragma once

#include <string>
#include <vector>

namespace proa::cli {

using Rows = std::vector<std::vector<std::string>>;

/// Prints to stdout. All rows have as many words. Rows that come later stand below the earlier ones as far as they fit.
class Columns {
 public:
  void print(const Rows& rows);

 private:
  std::vector<size_t> widths_;
};

}  // namespace proa::cli
