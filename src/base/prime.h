// Prime numbers: what the table of Maglev hashing must have for its size.
#pragma once

#include <cstdint>

namespace proa {

/// By trial division: for sizes of tables, which are below some millions.
constexpr bool is_prime(uint64_t number) {
  if (number < 2) return false;
  for (uint64_t divisor = 2; divisor * divisor <= number; ++divisor) {
    if (number % divisor == 0) return false;
  }
  return true;
}

}  // namespace proa
