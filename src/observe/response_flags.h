// Names of response flags: "UH" and "NoHealthyUpstream", as %RESPONSE_FLAGS% and %RESPONSE_FLAGS_LONG% print them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "observe/stream_info.h"

namespace proa::observe {

std::string_view short_name(ResponseFlag flag);
std::string_view long_name(ResponseFlag flag);
/// From the short form; nullopt when there is none of that name.
std::optional<ResponseFlag> response_flag(std::string_view short_form);
/// The set flags' names with "," between; appends nothing when none is set.
void append_flags(const ResponseFlags& flags, bool long_form, std::string& out);

}  // namespace proa::observe
