#include "http/h2/huffman.h"

#include <array>
#include <bit>
#include <cstring>

namespace proa::http::h2 {
namespace {

// Code lengths of the 256 byte values and EOS. The code is canonical (codes of one length are consecutive, in
// the order of their symbols), so the lengths are the whole of RFC 7541's appendix B.
constexpr std::array<uint8_t, 257> kLengths = {
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
    28, 28, 28, 6,  10, 10, 12, 13, 6,  8,  11, 10, 10, 8,  11, 8,  6,  6,  6,  5,  5,  5,  6,  6,  6,  6,  6,  6,  6,
    7,  8,  15, 6,  12, 10, 13, 6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,
    7,  8,  7,  8,  13, 19, 13, 14, 6,  15, 5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5,  6,  7,  6,  5,
    5,  6,  7,  7,  7,  7,  7,  15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24,
    24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22,
    23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26,
    27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23,
    22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30};

constexpr unsigned kMaxLength = 30;
constexpr unsigned kEos = 256;
constexpr unsigned kFastBits = 11;  // 8 KB: two symbols for most text, and every code of 11 bits or fewer

/// What the next kFastBits bits hold: one or two symbols, or none when the code is longer.
struct Fast {
  uint8_t first = 0;
  uint8_t second = 0;
  uint8_t count = 0;
  uint8_t bits = 0;
};

struct Tables {
  std::array<uint32_t, 257> codes{};
  std::array<uint16_t, 257> by_code{};                 // symbols in code order
  std::array<uint32_t, kMaxLength + 2> first_code{};   // of each length
  std::array<uint16_t, kMaxLength + 2> first_index{};  // its place in by_code
  std::array<uint16_t, kMaxLength + 2> count{};
  std::array<Fast, 1u << kFastBits> fast{};
};

constexpr Tables make_tables() {
  Tables t;
  uint32_t code = 0;
  uint16_t index = 0;
  for (unsigned length = 1; length <= kMaxLength; ++length) {
    code <<= 1;
    t.first_code[length] = code;
    t.first_index[length] = index;
    for (unsigned symbol = 0; symbol <= kEos; ++symbol) {
      if (kLengths[symbol] != length) continue;
      t.by_code[index++] = static_cast<uint16_t>(symbol);
      t.codes[symbol] = code++;
      ++t.count[length];
    }
  }
  // One symbol each, then a second where it fits in what is left.
  for (unsigned symbol = 0; symbol < kEos; ++symbol) {
    unsigned length = kLengths[symbol];
    if (length > kFastBits) continue;
    unsigned base = t.codes[symbol] << (kFastBits - length);
    for (unsigned i = 0; i < (1u << (kFastBits - length)); ++i) {
      t.fast[base + i] = {static_cast<uint8_t>(symbol), 0, 1, static_cast<uint8_t>(length)};
    }
  }
  for (unsigned first = 0; first < kEos; ++first) {
    unsigned length = kLengths[first];
    if (length + 5 > kFastBits) continue;
    for (unsigned second = 0; second < kEos; ++second) {
      unsigned both = length + kLengths[second];
      if (both > kFastBits) continue;
      unsigned base = ((t.codes[first] << kLengths[second]) | t.codes[second]) << (kFastBits - both);
      for (unsigned i = 0; i < (1u << (kFastBits - both)); ++i) {
        t.fast[base + i] = {static_cast<uint8_t>(first), static_cast<uint8_t>(second), 2, static_cast<uint8_t>(both)};
      }
    }
  }
  return t;
}

constinit const Tables kTables = make_tables();

/// The symbol at the top of `window` when its code is longer than kFastBits; adds its length to `length`.
/// kEos when it is EOS or the window holds no code.
unsigned long_symbol(uint64_t window, unsigned& length) {
  for (length = kFastBits + 1; length <= kMaxLength; ++length) {
    uint32_t offset = static_cast<uint32_t>(window >> (64 - length)) - kTables.first_code[length];
    if (offset < kTables.count[length]) return kTables.by_code[kTables.first_index[length] + offset];
  }
  return kEos;
}

}  // namespace

size_t huffman_decode(std::string_view encoded, char* out) {
  char* const begin = out;
  const auto* at = reinterpret_cast<const uint8_t*>(encoded.data());
  const auto* const end = at + encoded.size();
  uint64_t window = 0;  // the next bits, from the top
  unsigned have = 0;    // how many of them count; the rest is zero
  for (;;) {
    if (end - at >= 8) {
      uint64_t word;
      std::memcpy(&word, at, 8);
      if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
      window |= word >> have;
      unsigned bytes = (63 - have) >> 3;
      at += bytes;
      have += bytes * 8;
      window &= ~uint64_t{0} << (64 - have);  // have is 56..63 here
    } else {
      while (have <= 56 && at != end) {
        window |= static_cast<uint64_t>(*at++) << (56 - have);
        have += 8;
      }
    }
    if (have < kMaxLength && at == end) break;
    while (have >= kMaxLength) {
      const Fast fast = kTables.fast[window >> (64 - kFastBits)];
      if (fast.count) [[likely]] {
        out[0] = static_cast<char>(fast.first);
        out[1] = static_cast<char>(fast.second);
        out += fast.count;
        window <<= fast.bits;
        have -= fast.bits;
        continue;
      }
      unsigned length = 0;
      unsigned symbol = long_symbol(window, length);
      if (symbol == kEos) return kHuffmanError;
      *out++ = static_cast<char>(symbol);
      window <<= length;
      have -= length;
    }
  }
  // Fewer bits than the longest code are left: symbols may end beyond them, so look before each one.
  while (have > 0) {
    const Fast fast = kTables.fast[window >> (64 - kFastBits)];
    unsigned length = fast.count ? kLengths[fast.first] : 0;
    unsigned symbol = fast.first;
    if (!fast.count) symbol = long_symbol(window, length);
    if (length > have || symbol == kEos) break;
    *out++ = static_cast<char>(symbol);
    window <<= length;
    have -= length;
  }
  if (have > 7) return kHuffmanError;
  if (have > 0 && (window >> (64 - have)) != (uint64_t{1} << have) - 1) return kHuffmanError;
  return static_cast<size_t>(out - begin);
}

size_t huffman_encoded_size(std::string_view text) {
  size_t bits = 0;
  for (char c : text) bits += kLengths[static_cast<uint8_t>(c)];
  return (bits + 7) / 8;
}

char* huffman_encode(std::string_view text, char* out) {
  uint64_t pending = 0;
  unsigned have = 0;
  for (char c : text) {
    unsigned symbol = static_cast<uint8_t>(c);
    pending = pending << kLengths[symbol] | kTables.codes[symbol];
    have += kLengths[symbol];
    while (have >= 8) {
      have -= 8;
      *out++ = static_cast<char>(pending >> have);
    }
  }
  if (have > 0) *out++ = static_cast<char>(pending << (8 - have) | 0xffu >> have);
  return out;
}

}  // namespace proa::http::h2
