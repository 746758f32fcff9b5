#include "base/base64.h"

#include <algorithm>
#include <cstdint>

namespace proa {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The six bits of a character; 64: not of the alphabet. `last`: the characters for 62 and 63.
uint32_t bits_of(char c, const char* last) {
  if (c >= 'A' && c <= 'Z') return static_cast<uint32_t>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<uint32_t>(c - 'a' + 26);
  if (c >= '0' && c <= '9') return static_cast<uint32_t>(c - '0' + 52);
  if (c == last[0]) return 62;
  return c == last[1] ? 63 : 64;
}

std::optional<std::string> decode(std::string_view text, const char* last) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  uint32_t pending = 0, count = 0;  // the bits that do not make a byte yet
  for (char c : text) {
    const uint32_t bits = bits_of(c, last);
    if (bits == 64) return std::nullopt;
    pending = (pending << 6 | bits) & 0xffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(pending >> count);
  }
  if (pending & ((1U << count) - 1)) return std::nullopt;
  return out;
}

std::string encode(std::string_view bytes, const char* last, bool padded) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  const auto digit = [last](uint32_t bits) { return bits < 62 ? kAlphabet[bits] : last[bits - 62]; };
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t have = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) group = group << 8 | (j < have ? static_cast<uint8_t>(bytes[i + j]) : 0);
    for (size_t j = 0; j <= have; ++j) out += digit(group >> (18 - 6 * j) & 63);
    if (padded) out.append(3 - have, '=');
  }
  return out;
}

}  // namespace

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 == 0) {
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  }
  return decode(text, "+/");
}

std::string base64_encode(std::string_view bytes) { return encode(bytes, "+/", true); }
std::optional<std::string> base64url_decode(std::string_view text) { return decode(text, "-_"); }
std::string base64url_encode(std::string_view bytes) { return encode(bytes, "-_", false); }

}  // namespace proa
