#include "http/h2/field.h"

#include <array>
#include <cstring>

namespace proa::http::h2 {
namespace {

enum : uint8_t { kLowerToken = 1, kUpper = 2 };

constexpr std::array<uint8_t, 256> make_classes() {
  std::array<uint8_t, 256> classes{};
  for (char c : std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")) {
    classes[static_cast<uint8_t>(c)] = kLowerToken;
  }
  for (char c = 'A'; c <= 'Z'; ++c) classes[static_cast<uint8_t>(c)] = kUpper;
  return classes;
}
constexpr auto kClasses = make_classes();

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighs = 0x8080808080808080;

/// Non-zero when a byte of `word` is below 0x20 or is DEL. May be wrong only above a byte that is right to
/// report, so "zero or not" is exact.
constexpr uint64_t has_control(uint64_t word) {
  uint64_t below_space = (word - kOnes * 0x20) & ~word & kHighs;
  uint64_t del = word ^ kOnes * 0x7f;
  return below_space | ((del - kOnes) & ~del & kHighs);
}

constexpr bool is_control(char c) {
  auto u = static_cast<uint8_t>(c);
  return (u < 0x20 && u != '\t') || u == 0x7f;
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

Pseudo pseudo_of(std::string_view name) {
  if (name.empty() || name[0] != ':') return Pseudo::kNone;
  if (name == ":method") return Pseudo::kMethod;
  if (name == ":scheme") return Pseudo::kScheme;
  if (name == ":authority") return Pseudo::kAuthority;
  if (name == ":path") return Pseudo::kPath;
  if (name == ":status") return Pseudo::kStatus;
  if (name == ":protocol") return Pseudo::kProtocol;
  return Pseudo::kUnknown;
}

bool is_lower_case_token(std::string_view name) {
  if (name.empty()) return false;
  uint8_t all = kLowerToken;
  for (char c : name) all &= kClasses[static_cast<uint8_t>(c)];
  return all == kLowerToken;
}

bool is_token(std::string_view text) {
  if (text.empty()) return false;
  for (char c : text) {
    if (!kClasses[static_cast<uint8_t>(c)]) return false;
  }
  return true;
}

bool is_field_value(std::string_view value) {
  if (value.empty()) return true;
  if (is_blank(value.front()) || is_blank(value.back())) return false;
  const char* at = value.data();
  const char* const end = at + value.size();
  for (; end - at >= 8; at += 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    if (!has_control(word)) [[likely]] continue;
    for (int i = 0; i < 8; ++i) {
      if (is_control(at[i])) return false;  // a tab alone is fine
    }
  }
  for (; at != end; ++at) {
    if (is_control(*at)) return false;
  }
  return true;
}

FieldFault fault_of(std::string_view name, bool name_is_known, std::string_view value) {
  if (!name_is_known && !is_lower_case_token(name)) return FieldFault::kName;
  return is_field_value(value) ? FieldFault::kNone : FieldFault::kValue;
}

}  // namespace proa::http::h2
