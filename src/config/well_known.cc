#include "config/well_known.h"

#include <fmt/format.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "config/problems.h"
#include "config/scalar_text.h"

namespace proa::config {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The same time in seconds, for a number with another unit or none.
std::optional<std::string> in_seconds(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 13> kUnits = {{{"", 1},
                                                                                  {"sec", 1},
                                                                                  {"ns", 1e-9},
                                                                                  {"us", 1e-6},
                                                                                  {"\xC2\xB5s", 1e-6},
                                                                                  {"ms", 1e-3},
                                                                                  {"S", 1},
                                                                                  {"seconds", 1},
                                                                                  {"m", 60},
                                                                                  {"min", 60},
                                                                                  {"h", 3600},
                                                                                  {"d", 86400},
                                                                                  {" s", 1}}};
  const std::size_t end = text.find_first_not_of("0123456789.-");
  const std::string_view unit = end == std::string_view::npos ? std::string_view() : text.substr(end);
  const std::optional<double> number = real_number(text.substr(0, text.size() - unit.size()));
  const auto* found = std::ranges::find(kUnits, unit, &std::pair<std::string_view, double>::first);
  if (!number || found == kUnits.end()) return std::nullopt;
  std::string out = fmt::format("{:.9f}", *number * found->second);
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out + "s";
}

Misread not_a_duration(std::string_view text) {
  const std::optional<std::string> seconds = in_seconds(text);
  return {fmt::format("is {}, but a duration is a number of seconds with an 's' after it", shown(text)),
          fmt::format("write \"{}\"", seconds.value_or("0.25s"))};
}

}  // namespace

std::expected<void, Misread> read_duration(std::string_view text, google::protobuf::Duration& out) {
  constexpr std::int64_t kMost = 315'576'000'000;
  const auto misread = [&] { return std::unexpected(not_a_duration(text)); };
  if (!text.ends_with('s')) return misread();
  std::string_view digits = text.substr(0, text.size() - 1);
  const bool negative = digits.starts_with('-');
  if (negative) digits.remove_prefix(1);
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  if (digits.empty() || !is_digit(digits[0]) || (error != std::errc() && error != std::errc::result_out_of_range)) {
    return misread();
  }
  std::string_view rest = digits.substr(static_cast<std::size_t>(end - digits.data()));
  std::int32_t nanos = 0;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    if (rest.empty() || !std::ranges::all_of(rest, is_digit)) return misread();
    if (rest.size() > 9)
      return std::unexpected(Misread{fmt::format("is {}, finer than a nanosecond", shown(text)), {}});
    for (std::size_t i = 0; i < 9; ++i) nanos = nanos * 10 + (i < rest.size() ? rest[i] - '0' : 0);
    rest = {};
  }
  if (!rest.empty()) return misread();
  if (error == std::errc::result_out_of_range || seconds > kMost) {
    return std::unexpected(Misread{fmt::format("is {}, but the longest duration is {}s", shown(text), kMost), {}});
  }
  out.set_seconds(negative ? -seconds : seconds);
  out.set_nanos(negative ? -nanos : nanos);
  return {};
}

std::expected<void, Misread> read_timestamp(std::string_view text, google::protobuf::Timestamp& out) {
  // Bounded before it goes into protobuf's parser, which is made for trusted text.
  if (text.size() <= 40 && google::protobuf::util::TimeUtil::FromString(std::string(text), &out)) return {};
  return std::unexpected(Misread{fmt::format("is {}, but a time is written as RFC 3339 says", shown(text)),
                                 "write as \"2026-01-31T12:00:00Z\""});
}

std::expected<void, Misread> read_field_mask(std::string_view text, google::protobuf::FieldMask& out) {
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string path;
    for (const char c : text.substr(0, comma)) {
      const bool upper = c >= 'A' && c <= 'Z';
      if (!upper && !(c >= 'a' && c <= 'z') && !is_digit(c) && c != '_' && c != '.') {
        return std::unexpected(Misread{fmt::format("is {}, but a field mask is a list of field names", shown(text)),
                                       "write as \"name,node.cluster\""});
      }
      if (upper) path += '_';
      path += upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    out.add_paths(path);
    text.remove_prefix(std::min(text.size(), comma + 1));
  }
  return {};
}

}  // namespace proa::config
