// Time points. Code below the event loop never asks the system: it is told the time.
#pragma once

#include <chrono>

namespace proa {

using MonoTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;
using Duration = std::chrono::nanoseconds;
using Milliseconds = std::chrono::milliseconds;

/// "No time-out": a duration field that is set to this is off.
inline constexpr Milliseconds kNever{-1};

}  // namespace proa
