#include "proxy/request_id.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>

namespace proa::proxy {
namespace {

constexpr size_t kLength = 36;
constexpr size_t kReasonAt = 14;  // the version digit

bool is_uuid(std::string_view id) { return id.size() == kLength; }

/// Eight hexadecimal digits, all at once: each nibble of `value` in a byte of its own, then all bytes to ASCII.
void put_hex(char* out, uint32_t value) {
  static_assert(std::endian::native == std::endian::little);
  constexpr uint64_t kEachByte = 0x0101010101010101;
  uint64_t x = value;
  x = (x | x << 16) & 0x0000ffff0000ffff;
  x = (x | x << 8) & 0x00ff00ff00ff00ff;
  x = (x | x << 4) & 0x0f0f0f0f0f0f0f0f;
  const uint64_t letters = ((x + 6 * kEachByte) >> 4) & kEachByte;  // 1 where the nibble is above 9
  x += '0' * kEachByte + letters * ('a' - '0' - 10);
  x = __builtin_bswap64(x);
  std::memcpy(out, &x, sizeof x);
}

}  // namespace

std::string_view make_request_id(Arena& arena, uint64_t high, uint64_t low) {
  high = (high & ~uint64_t{0xf000}) | 0x4000;                // version 4
  low = (low & ~(uint64_t{3} << 62)) | (uint64_t{2} << 62);  // variant 10
  std::array<char, 32> digits;
  put_hex(&digits[0], static_cast<uint32_t>(high >> 32));
  put_hex(&digits[8], static_cast<uint32_t>(high));
  put_hex(&digits[16], static_cast<uint32_t>(low >> 32));
  put_hex(&digits[24], static_cast<uint32_t>(low));
  char* out = static_cast<char*>(arena.allocate(kLength, 1));
  std::memcpy(out, &digits[0], 8);
  std::memcpy(out + 9, &digits[8], 4);
  std::memcpy(out + 14, &digits[12], 4);
  std::memcpy(out + 19, &digits[16], 4);
  std::memcpy(out + 24, &digits[20], 12);
  out[8] = out[13] = out[18] = out[23] = '-';
  return {out, kLength};
}

std::optional<uint64_t> request_id_modulo(std::string_view id, uint64_t range) {
  if (!is_uuid(id)) return std::nullopt;
  uint64_t value = 0;
  auto [end, error] = std::from_chars(id.data(), id.data() + 8, value, 16);
  if (error != std::errc() || end != id.data() + 8) return std::nullopt;
  return value % range;
}

TraceReason trace_reason(std::string_view id) {
  if (!is_uuid(id)) return TraceReason::kNone;
  switch (id[kReasonAt]) {
    case '9': return TraceReason::kSampled;
    case 'a': return TraceReason::kForced;
    case 'b': return TraceReason::kClient;
    default: return TraceReason::kNone;
  }
}

std::string_view with_trace_reason(Arena& arena, std::string_view id, TraceReason reason) {
  if (!is_uuid(id)) return id;
  std::string_view copy = arena.copy(id);
  const_cast<char*>(copy.data())[kReasonAt] = static_cast<char>(reason);  // our own fresh copy
  return copy;
}

}  // namespace proa::proxy
