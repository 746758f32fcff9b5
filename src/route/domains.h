// Which virtual host serves a host: exact, then the longest "*.suffix", then the longest "prefix.*", then "*".
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"

namespace proa::route {

/// Immutable once filled; used by all workers. Domains are compared in lower case.
class Domains {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;
  /// Fails, naming it, for an empty domain, a duplicate, or a "*" in the middle.
  Status add(std::string_view domain, uint32_t virtual_host);

  struct Found {
    uint32_t virtual_host = kNone;
    enum class By : uint8_t { kNothing, kExact, kSuffix, kPrefix, kAny } by = By::kNothing;
    size_t size = 0;  ///< of the suffix or prefix
  };
  /// `host` is in lower case. An empty host has only "*".
  Found find(std::string_view host) const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Map = std::unordered_map<std::string, uint32_t, Hash, std::equal_to<>>;
  Map exact_;
  // By the length of the fixed part, longest first.
  std::map<size_t, Map, std::greater<>> suffixes_;
  std::map<size_t, Map, std::greater<>> prefixes_;
  uint32_t any_ = kNone;
};

}  // namespace proa::route
