// string_rules: the constraints on strings and bytes, each broken one as words.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace validate {
class BytesRules;
class StringRules;
}  // namespace validate

namespace proa::config {

/// The first broken rule as "must be ...", or nothing. The value itself is not repeated in it.
std::optional<std::string> broken_rule(const validate::StringRules& rules, std::string_view value);
std::optional<std::string> broken_rule(const validate::BytesRules& rules, std::string_view value);

}  // namespace proa::config
