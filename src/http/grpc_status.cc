#include "http/grpc_status.h"

#include <algorithm>
#include <array>

#include "base/number.h"

namespace proa::http {
namespace {

constexpr std::array<std::string_view, 17> kNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};
constexpr std::array<std::string_view, 17> kTexts = {"0", "1",  "2",  "3",  "4",  "5",  "6",  "7", "8",
                                                     "9", "10", "11", "12", "13", "14", "15", "16"};
// google.rpc.Code gives an HTTP mapping for each.
constexpr std::array<uint16_t, 17> kHttp = {200, 499, 500, 400, 504, 404, 409, 403, 429,
                                            400, 409, 400, 501, 500, 503, 500, 401};

bool is_plain(char c) { return c >= 0x20 && c <= 0x7e && c != '%'; }

std::optional<std::chrono::nanoseconds> parse_exact_timeout(std::string_view text) {
  if (text.size() < 2 || text.size() > 9) return std::nullopt;
  auto value = parse_decimal<uint64_t>(text.substr(0, text.size() - 1));
  if (!value) return std::nullopt;
  uint64_t unit = 0;  // in nanoseconds
  switch (text.back()) {
    case 'H': unit = 3'600'000'000'000; break;
    case 'M': unit = 60'000'000'000; break;
    case 'S': unit = 1'000'000'000; break;
    case 'm': unit = 1'000'000; break;
    case 'u': unit = 1'000; break;
    case 'n': unit = 1; break;
    default: return std::nullopt;
  }
  // A hundred years: far from overflow when added to a clock in nanoseconds.
  constexpr uint64_t kLongest = uint64_t{100} * 365 * 24 * 3'600'000'000'000;
  const uint64_t timeout = *value > kLongest / unit ? kLongest : *value * unit;
  return std::chrono::nanoseconds(static_cast<int64_t>(timeout));
}

}  // namespace

GrpcStatus grpc_status_of_http(uint16_t http_status) {
  switch (http_status) {
    case 400: return GrpcStatus::kInternal;
    case 401: return GrpcStatus::kUnauthenticated;
    case 403: return GrpcStatus::kPermissionDenied;
    case 404: return GrpcStatus::kUnimplemented;
    case 429:
    case 502:
    case 503:
    case 504: return GrpcStatus::kUnavailable;
    default: return GrpcStatus::kUnknown;
  }
}

uint16_t http_status_of_grpc(GrpcStatus status) { return kHttp[static_cast<size_t>(status)]; }
std::string_view to_string(GrpcStatus status) { return kNames[static_cast<size_t>(status)]; }
std::string_view grpc_status_text(GrpcStatus status) { return kTexts[static_cast<size_t>(status)]; }

std::optional<GrpcStatus> parse_grpc_status(std::string_view text) {
  auto number = parse_decimal<uint8_t>(text, 16);
  if (!number) return std::nullopt;
  return static_cast<GrpcStatus>(*number);
}

std::optional<GrpcStatus> grpc_status_by_name(std::string_view text) {
  auto found = std::ranges::find(kNames, text);
  if (found == kNames.end()) return parse_grpc_status(text);
  return static_cast<GrpcStatus>(found - kNames.begin());
}

std::string_view grpc_message_encode(std::string_view text, Arena& arena) {
  if (std::ranges::all_of(text, is_plain)) return text;
  char* encoded = static_cast<char*>(arena.allocate(3 * text.size(), 1));
  char* at = encoded;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (is_plain(c)) {
      *at++ = c;
    } else {
      *at++ = '%';
      *at++ = "0123456789ABCDEF"[byte >> 4];
      *at++ = "0123456789ABCDEF"[byte & 15];
    }
  }
  return {encoded, static_cast<size_t>(at - encoded)};
}

std::string_view grpc_message_decode(std::string_view text, Arena& arena) {
  if (text.find('%') == text.npos) return text;
  char* decoded = static_cast<char*>(arena.allocate(text.size(), 1));
  char* at = decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    int high = text[i] == '%' && text.size() - i > 2 ? hex_digit(text[i + 1]) : -1;
    int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) {
      *at++ = text[i];
    } else {
      *at++ = static_cast<char>(high << 4 | low);
      i += 2;
    }
  }
  return {decoded, static_cast<size_t>(at - decoded)};
}

std::optional<Milliseconds> parse_grpc_timeout(std::string_view text) {
  auto exact = parse_exact_timeout(text);
  if (!exact) return std::nullopt;
  return std::chrono::ceil<Milliseconds>(*exact);
}

bool grpc_deadline_passed(std::string_view timeout, std::chrono::nanoseconds since_arrival) {
  auto exact = parse_exact_timeout(timeout);
  return exact && since_arrival >= *exact;
}

std::string_view format_grpc_timeout(Milliseconds timeout, Arena& arena) {
  constexpr uint64_t kMaxValue = 99'999'999;
  uint64_t value = timeout.count() > 0 ? static_cast<uint64_t>(timeout.count()) : 0;
  struct Unit {
    char name;
    uint64_t milliseconds;
  };
  Unit chosen{'m', 1};
  for (Unit unit : {Unit{'m', 1}, Unit{'S', 1'000}, Unit{'M', 60'000}, Unit{'H', 3'600'000}}) {
    chosen = unit;
    if (value <= kMaxValue * unit.milliseconds) break;
  }
  uint64_t count = std::min((value + chosen.milliseconds - 1) / chosen.milliseconds, kMaxValue);
  char* text = static_cast<char*>(arena.allocate(kMaxDecimalDigits + 1, 1));
  char* end = write_decimal(text, count);
  *end++ = chosen.name;
  return {text, static_cast<size_t>(end - text)};
}

}  // namespace proa::http
