#include "config/go_duration.h"

#include <fmt/format.h>
#include <google/protobuf/duration.pb.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "config/problems.h"

namespace proa::config {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanos;
};

// Longer names first: "ms" is not "m".
constexpr std::array<Unit, 8> kUnits = {{{"ns", 1},
                                         {"us", 1'000},
                                         {"\xC2\xB5s", 1'000},
                                         {"\xCE\xBCs", 1'000},
                                         {"ms", 1'000'000},
                                         {"s", 1'000'000'000},
                                         {"m", 60'000'000'000},
                                         {"h", 3'600'000'000'000}}};
constexpr __int128 kMost = std::numeric_limits<std::int64_t>::max();

/// Takes the digits at the front of `text`. More than eighteen are cut: of a fraction they are below a nanosecond.
std::string_view take_digits(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view digits = text.substr(0, end);
  text.remove_prefix(end);
  return digits;
}

std::int64_t value_of(std::string_view digits) {
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

/// Takes "1.5h" from the front, as nanoseconds; nothing if it is no number with a unit. Saturates above kMost.
std::optional<__int128> take_part(std::string_view& text) {
  const std::string_view whole = take_digits(text);
  std::string_view fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = take_digits(text);
  }
  if (whole.empty() && fraction.empty()) return std::nullopt;
  const auto* unit = std::ranges::find_if(kUnits, [&](const Unit& u) { return text.starts_with(u.name); });
  if (unit == kUnits.end()) return std::nullopt;
  text.remove_prefix(unit->name.size());
  if (whole.size() > 18) return kMost + 1;
  __int128 nanos = static_cast<__int128>(value_of(whole)) * unit->nanos;
  __int128 scaled = unit->nanos;
  for (const char digit : fraction.substr(0, 18)) {
    // Each digit of its own: the whole fraction times the unit is beyond 64 bits.
    nanos += scaled * (digit - '0') / 10;
    scaled /= 10;
  }
  return nanos;
}

}  // namespace

std::expected<void, Misread> read_go_duration(std::string_view text, google::protobuf::Duration& out) {
  const auto misread = [&] {
    return std::unexpected(Misread{fmt::format("is {}, which is no duration", shown(text)),
                                   "write numbers with units, as \"1h30m\", \"5s\" or \"250ms\""});
  };
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest.empty()) return misread();
  if (rest == "0") rest = {};  // the one number that needs no unit
  __int128 total = 0;
  while (!rest.empty()) {
    const std::optional<__int128> part = take_part(rest);
    if (!part) return misread();
    total = std::min(total + *part, kMost + 1);
  }
  if (total > kMost) {
    return std::unexpected(Misread{fmt::format("is {}, longer than a duration may be", shown(text)), {}});
  }
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::int64_t nanos = negative ? -static_cast<std::int64_t>(total) : static_cast<std::int64_t>(total);
  out.set_seconds(nanos / kSecond);
  out.set_nanos(static_cast<std::int32_t>(nanos % kSecond));
  return {};
}

}  // namespace proa::config
