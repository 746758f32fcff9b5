#include "config/scalar_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace proa::config {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view without_sign(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return text;
}

std::optional<Whole> digits(std::string_view text, int base, bool negative) {
  Whole whole{.negative = negative};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole.magnitude, base);
  if (text.empty() || end != text.data() + text.size()) return std::nullopt;
  whole.overflow = error == std::errc::result_out_of_range;
  if (whole.magnitude == 0) whole.negative = whole.negative && whole.overflow;
  return whole;
}

/// 12.5e3 and its like; from_chars alone would also take "inf" and "nan".
bool float_shaped(std::string_view text) {
  const std::size_t before = std::ranges::find_if_not(text, is_digit) - text.begin();
  text.remove_prefix(before);
  std::size_t after = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    after = std::ranges::find_if_not(text, is_digit) - text.begin();
    text.remove_prefix(after);
  }
  if (before + after == 0) return false;
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text = without_sign(text.substr(1));
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

}  // namespace

std::optional<Whole> whole_number(std::string_view text, bool yaml) {
  const bool negative = text.starts_with('-');
  const std::string_view bare = without_sign(text);
  if (yaml && (bare.starts_with("0x") || bare.starts_with("0X"))) return digits(bare.substr(2), 16, negative);
  if (yaml && (bare.starts_with("0o") || bare.starts_with("0O"))) return digits(bare.substr(2), 8, negative);
  if (yaml && bare.size() > 1 && bare[0] == '0' && std::ranges::all_of(bare, is_digit)) {
    return digits(bare.substr(1), 8, negative);
  }
  if (const auto whole = digits(bare, 10, negative)) return whole;
  if (!float_shaped(bare)) return std::nullopt;
  const std::optional<double> real = real_number(bare);
  if (!real || std::trunc(*real) != *real) return std::nullopt;
  if (*real >= 18446744073709551616.0) return Whole{.negative = negative, .magnitude = 0, .overflow = true};
  return Whole{.negative = negative && *real != 0, .magnitude = static_cast<std::uint64_t>(*real)};
}

std::optional<double> real_number(std::string_view text) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const bool negative = text.starts_with('-');
  const std::string_view bare = without_sign(text);
  if (text == "NaN" || text == ".nan" || text == ".NaN" || text == ".NAN") {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (bare == "Infinity" || bare == ".inf" || bare == ".Inf" || bare == ".INF") {
    return negative ? -kInfinity : kInfinity;
  }
  if (!float_shaped(bare)) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(bare.data(), bare.data() + bare.size(), value);
  if (end != bare.data() + bare.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // from_chars does not say which: too large is an error of range, too small is zero.
    value = std::strtod(std::string(bare).c_str(), nullptr);
    if (value > 1) return std::nullopt;
  }
  return negative ? -value : value;
}

bool looks_like_integer(std::string_view text) {
  const std::string_view bare = without_sign(text);
  if (bare.starts_with("0x") || bare.starts_with("0o")) return whole_number(text, true).has_value();
  return !bare.empty() && std::ranges::all_of(bare, is_digit);
}

bool looks_like_number(std::string_view text) {
  return looks_like_integer(text) || (text != "NaN" && !text.ends_with("Infinity") && real_number(text).has_value());
}

std::optional<std::string> from_base64(std::string_view text) {
  static constexpr auto kValues = [] {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (int i = 0; i < 26; ++i) {
      values[static_cast<std::size_t>('A' + i)] = static_cast<std::int8_t>(i);
      values[static_cast<std::size_t>('a' + i)] = static_cast<std::int8_t>(26 + i);
    }
    for (int i = 0; i < 10; ++i) values[static_cast<std::size_t>('0' + i)] = static_cast<std::int8_t>(52 + i);
    values['+'] = values['-'] = 62;
    values['/'] = values['_'] = 63;
    return values;
  }();
  const std::size_t whole = text.size();
  while (!text.empty() && text.back() == '=' && whole - text.size() < 2) text.remove_suffix(1);
  if (text.size() % 4 == 1 || (whole != text.size() && whole % 4 != 0)) return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = kValues[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) out += static_cast<char>(bits >> (count -= 8) & 0xFF);
  }
  return out;
}

}  // namespace proa::config
