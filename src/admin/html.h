// The few pieces of HTML that admin pages share. No script, no external resource.
#pragma once

#include <string>
#include <string_view>

namespace proa::admin {

/// For text and for attribute values in double quotes.
std::string escape_html(std::string_view text);
/// Everything up to the content; `title` is a literal of ours.
std::string html_head(std::string_view title);
inline constexpr std::string_view kHtmlEnd = "</body></html>\n";

}  // namespace proa::admin
