// unified_diff: what differs between two texts, as `diff -u` writes it.
#pragma once

#include <string>
#include <string_view>

namespace proa::cli {

/// Lines with three around each change. Empty when the texts are equal.
std::string unified_diff(std::string_view before, std::string_view after, std::string_view before_name,
                         std::string_view after_name);

}  // namespace proa::cli
