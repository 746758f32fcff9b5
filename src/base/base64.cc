#include "base/base64.h"

#include <cstdint>

namespace proa {
namespace {

/// The six bits of a character; 64: not of the alphabet.
uint32_t bits_of(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<uint32_t>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<uint32_t>(c - 'a' + 26);
  if (c >= '0' && c <= '9') return static_cast<uint32_t>(c - '0' + 52);
  if (c == '+') return 62;
  return c == '/' ? 63 : 64;
}

}  // namespace

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 == 0) {
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  uint32_t pending = 0, count = 0;  // the bits that do not make a byte yet
  for (char c : text) {
    const uint32_t bits = bits_of(c);
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

}  // namespace proa
