// Rows of words, aligned.
#pragma once

#include <string>
#include <vector>

namespace proa::cli {

/// To stdout. All rows have as many words; the first row is the heading.
void print_columns(const std::vector<std::vector<std::string>>& rows);

}  // namespace proa::cli
