// A share of the requests, fixed or taken from the runtime (Envoy's RuntimeFractionalPercent).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace proa::route {

/// numerator / denominator; the denominator is 100, 10'000 or 1'000'000.
struct Share {
  uint32_t numerator = 100;
  uint32_t denominator = 100;
};

/// The runtime's values, as layered from files, the command line and RTDS. Used by all threads.
class Runtime {
 public:
  virtual ~Runtime() = default;
  /// The share under `key` (an integer there is a percentage), or nullopt when it is not set.
  virtual std::optional<Share> share(std::string_view key) const = 0;
};

struct Fraction {
  Share fallback;  ///< when the key is empty or not set
  std::string runtime_key;

  /// True for that share of the random numbers: random % denominator < numerator.
  bool includes(uint64_t random, const Runtime* runtime) const {
    Share share = fallback;
    if (runtime && !runtime_key.empty()) share = runtime->share(runtime_key).value_or(fallback);
    return random % share.denominator < share.numerator;
  }
};

}  // namespace proa::route
