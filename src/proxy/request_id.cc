#include "proxy/request_id.h"

#include <charconv>

namespace proa::proxy {
namespace {

constexpr size_t kLength = 36;
constexpr size_t kReasonAt = 14;  // the version digit

bool is_uuid(std::string_view id) { return id.size() == kLength; }

}  // namespace

std::string_view make_request_id(Arena& arena, uint64_t high, uint64_t low) {
  static constexpr char kHex[] = "0123456789abcdef";
  high = (high & ~uint64_t{0xf000}) | 0x4000;                // version 4
  low = (low & ~(uint64_t{3} << 62)) | (uint64_t{2} << 62);  // variant 10
  char* out = static_cast<char*>(arena.allocate(kLength, 1));
  char* at = out;
  for (int digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) *at++ = '-';
    uint64_t word = digit < 16 ? high : low;
    *at++ = kHex[(word >> (60 - 4 * (digit % 16))) & 0xf];
  }
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
