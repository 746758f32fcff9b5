// Wall-clock time as text: strftime's conversions, and %f, %1f ... %9f for parts of a second, %s for the epoch.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace proa::observe {

/// Immutable; used by all threads. The default is ISO 8601 with milliseconds: 2026-11-25T02:13:29.123Z.
class TimeFormat {
 public:
  TimeFormat() = default;
  /// `local`: in the system's time zone instead of UTC. Fails for a text that is too long or ends with a "%".
  static Result<TimeFormat> compile(std::string_view text, bool local);
  void append(WallTime time, std::string& out) const;

 private:
  struct Piece {
    std::string strftime;  // empty: a fraction
    int digits = 0;
  };
  std::vector<Piece> pieces_;  // empty: the default
  bool local_ = false;
};

}  // namespace proa::observe
