// The only place where text becomes an integer, and back: digits only, no sign, no space, overflow refused.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace proa {

/// 1*DIGIT up to `max`; anything else (empty, sign, space, overflow) is nullopt.
template <std::unsigned_integral T = uint64_t>
constexpr std::optional<T> parse_decimal(std::string_view digits, T max = std::numeric_limits<T>::max()) {
  if (digits.empty()) return std::nullopt;
  uint64_t value = 0;
  for (char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    uint64_t digit = static_cast<uint64_t>(c - '0');
    if (value > (std::numeric_limits<uint64_t>::max() - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  if (value > max) return std::nullopt;
  return static_cast<T>(value);
}

/// [ "-" ] 1*DIGIT in the range of int64_t.
constexpr std::optional<int64_t> parse_signed_decimal(std::string_view text) {
  bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  constexpr uint64_t kMax = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  auto value = parse_decimal<uint64_t>(text, negative ? kMax + 1 : kMax);
  if (!value) return std::nullopt;
  return static_cast<int64_t>(negative ? ~*value + 1 : *value);
}

/// The value of a hexadecimal digit of either case, or -1.
constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// 1*16HEXDIG; more digits are refused even when they are leading zeros.
constexpr std::optional<uint64_t> parse_hex(std::string_view digits) {
  if (digits.empty() || digits.size() > 16) return std::nullopt;
  uint64_t value = 0;
  for (char c : digits) {
    int digit = hex_digit(c);
    if (digit < 0) return std::nullopt;
    value = value << 4 | static_cast<uint64_t>(digit);
  }
  return value;
}

inline constexpr size_t kMaxDecimalDigits = 20;
inline constexpr size_t kMaxHexDigits = 16;

/// Writes without a terminator; `to` has room for kMaxDecimalDigits. Returns the end.
constexpr char* write_decimal(char* to, uint64_t value) {
  size_t digits = 1;
  for (uint64_t rest = value; rest >= 10; rest /= 10) ++digits;
  for (size_t i = digits; i-- > 0; value /= 10) to[i] = static_cast<char>('0' + value % 10);
  return to + digits;
}

/// Lower case, no leading zeros; `to` has room for kMaxHexDigits. Returns the end.
constexpr char* write_hex(char* to, uint64_t value) {
  size_t digits = 1;
  for (uint64_t rest = value; rest >= 16; rest >>= 4) ++digits;
  for (size_t i = digits; i-- > 0; value >>= 4) to[i] = "0123456789abcdef"[value & 15];
  return to + digits;
}

}  // namespace proa
