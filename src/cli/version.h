// The version of both programs.
#pragma once

namespace proa::cli {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace proa::cli
