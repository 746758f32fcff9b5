// nearest_name: what a mistyped name probably meant.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace proa::config {

/// Up to `most` of `known`, best first, that differ from `name` by a few typing errors (insert, delete, replace,
/// swap of neighbours; case and the spelling of word breaks do not count) or contain it as whole words.
/// Empty when nothing is close: a wrong guess is worse than none.
std::vector<std::string> nearest_names(std::string_view name, const std::vector<std::string>& known,
                                       std::size_t most = 3);

/// The same for type names: `envoy.config.filter.http.router.v2.Router` finds `envoy.extensions...router.v3.Router`.
std::vector<std::string> nearest_types(std::string_view name, const std::vector<std::string>& known,
                                       std::size_t most = 3);

/// "did you mean 'a' or 'b'?", or empty.
std::string did_you_mean(const std::vector<std::string>& names);

}  // namespace proa::config
