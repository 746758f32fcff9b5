#include "observe/trace_context.h"

#include <algorithm>

#include "http/header_validity.h"

namespace proa::observe {

using http::HeaderId;
using http::HeaderList;

namespace {

constexpr size_t kMaxStateMembers = 32;

/// Lower-case digits only, as both specifications ask; at most 16 of them.
std::optional<uint64_t> parse_hex(std::string_view digits) {
  uint64_t value = 0;
  for (char c : digits) {
    if (c >= '0' && c <= '9') {
      value = value << 4 | static_cast<uint64_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      value = value << 4 | static_cast<uint64_t>(c - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return value;
}

/// 32 digits, or 16 of B3; not all zeros.
bool parse_trace(std::string_view digits, TraceContext& to) {
  if (digits.size() != 32 && digits.size() != 16) return false;
  auto low = parse_hex(digits.substr(digits.size() - 16));
  auto high = parse_hex(digits.substr(0, digits.size() - 16));
  if (!low || !high) return false;
  to.trace_low = *low;
  to.trace_high = *high;
  return (*low | *high) != 0;
}

bool parse_span(std::string_view digits, uint64_t& to) {
  auto value = digits.size() == 16 ? parse_hex(digits) : std::nullopt;
  to = value.value_or(0);
  return to != 0;
}

bool parse_decision(std::string_view text, TraceContext& to) {
  if (text != "0" && text != "1" && text != "d") return false;
  to.sampled = text != "0";
  to.debug = text == "d";
  return true;
}

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/// simple-key or tenant@system (https://www.w3.org/TR/trace-context-2/#key).
bool valid_state_key(std::string_view key) {
  auto part = [](std::string_view text, size_t longest, bool digit_first) {
    if (text.empty() || text.size() > longest) return false;
    if (!(digit_first ? is_lower_or_digit(text.front()) : text.front() >= 'a' && text.front() <= 'z')) return false;
    return std::ranges::all_of(
        text, [](char c) { return is_lower_or_digit(c) || c == '_' || c == '-' || c == '*' || c == '/'; });
  };
  const size_t at = key.find('@');
  if (at == std::string_view::npos) return part(key, 256, true);
  return part(key.substr(0, at), 241, true) && part(key.substr(at + 1), 14, false);
}

bool valid_state_value(std::string_view value) {
  if (value.empty() || value.size() > 256 || value.back() == ' ') return false;
  return std::ranges::all_of(value, [](char c) { return c >= 0x20 && c <= 0x7e && c != ',' && c != '='; });
}

}  // namespace

void write_hex16(uint64_t value, char* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  for (int i = 15; i >= 0; --i, value >>= 4) out[i] = kHex[value & 0xf];
}

std::string_view hex16(uint64_t value, Arena& arena) {
  char* out = static_cast<char*>(arena.allocate(16, 1));
  write_hex16(value, out);
  return {out, 16};
}

std::string_view trace_hex(const TraceContext& context, Arena& arena, bool may_be_short) {
  if (may_be_short && context.trace_high == 0) return hex16(context.trace_low, arena);
  char* out = static_cast<char*>(arena.allocate(32, 1));
  write_hex16(context.trace_high, out);
  write_hex16(context.trace_low, out + 16);
  return {out, 32};
}

// ---- W3C ----

std::optional<TraceContext> parse_traceparent(std::string_view value) {
  if (value.size() < kTraceparentSize || value[2] != '-' || value[35] != '-' || value[52] != '-') return std::nullopt;
  auto version = parse_hex(value.substr(0, 2));
  auto flags = parse_hex(value.substr(53, 2));
  if (!version || !flags || *version == 0xff) return std::nullopt;
  if (value.size() > kTraceparentSize && (*version == 0 || value[55] != '-')) return std::nullopt;
  TraceContext to;
  if (!parse_trace(value.substr(3, 32), to) || !parse_span(value.substr(36, 16), to.span)) return std::nullopt;
  to.sampled = (*flags & 1) != 0;
  return to;
}

std::string_view write_traceparent(const TraceContext& context, Arena& arena) {
  char* out = static_cast<char*>(arena.allocate(kTraceparentSize, 1));
  std::string_view("00-").copy(out, 3);
  write_hex16(context.trace_high, out + 3);
  write_hex16(context.trace_low, out + 19);
  out[35] = '-';
  write_hex16(context.span, out + 36);
  std::string_view(context.sampled.value_or(false) ? "-01" : "-00").copy(out + 52, 3);
  return {out, kTraceparentSize};
}

bool valid_tracestate(std::string_view value) {
  size_t members = 0;
  bool any = false;
  while (true) {
    const size_t comma = value.find(',');
    std::string_view member = http::trim(value.substr(0, comma));
    if (!member.empty()) {  // empty members are allowed, and count for nothing
      const size_t equals = member.find('=');
      if (equals == std::string_view::npos || ++members > kMaxStateMembers) return false;
      if (!valid_state_key(member.substr(0, equals)) || !valid_state_value(member.substr(equals + 1))) return false;
      any = true;
    }
    if (comma == std::string_view::npos) return any;
    value.remove_prefix(comma + 1);
  }
}

std::optional<TraceContext> extract_w3c(const HeaderList& headers) {
  const http::Header* parent = headers.find(HeaderId::kTraceparent);
  // Two of them: nobody can say which is the sender's.
  if (!parent || headers.count(HeaderId::kTraceparent) != 1) return std::nullopt;
  auto context = parse_traceparent(parent->value);
  if (!context) return std::nullopt;
  std::string_view state = headers.joined("tracestate");
  if (valid_tracestate(state)) context->state = state;
  return context;
}

void inject_w3c(const TraceContext& context, HeaderList& headers) {
  headers.set(HeaderId::kTraceparent, write_traceparent(context, headers.arena()));
  if (context.state.empty()) headers.remove(HeaderId::kTracestate);
}

// ---- B3 (https://github.com/openzipkin/b3-propagation) ----

std::optional<TraceContext> parse_b3(std::string_view value) {
  TraceContext to;
  if (value.size() == 1) return parse_decision(value, to) ? std::optional(to) : std::nullopt;
  const size_t dash = value.find('-');
  if (dash == std::string_view::npos || !parse_trace(value.substr(0, dash), to)) return std::nullopt;
  value.remove_prefix(dash + 1);
  if (!parse_span(value.substr(0, 16), to.span)) return std::nullopt;
  value.remove_prefix(16);
  if (value.empty()) return to;
  if (value.size() < 2 || value[0] != '-' || !parse_decision(value.substr(1, 1), to)) return std::nullopt;
  value.remove_prefix(2);
  if (value.empty()) return to;
  if (value[0] != '-' || !parse_span(value.substr(1), to.parent)) return std::nullopt;
  return to;
}

std::string_view write_b3(const TraceContext& context, Arena& arena) {
  std::string_view decision = context.debug ? "d" : context.sampled.value_or(false) ? "1" : "0";
  std::string_view out =
      arena.concat(trace_hex(context, arena, /*may_be_short=*/true), "-", hex16(context.span, arena), "-", decision);
  return context.parent ? arena.concat(out, "-", hex16(context.parent, arena)) : out;
}

std::optional<TraceContext> extract_b3(const HeaderList& headers) {
  if (const http::Header* single = headers.find("b3")) {
    if (auto context = parse_b3(single->value)) return context;
  }
  TraceContext to;
  if (std::string_view sampled = headers.value(HeaderId::kXB3Sampled); !sampled.empty()) {
    // "true" and "false" are of old senders, and read by all.
    if (sampled == "1" || sampled == "true") {
      to.sampled = true;
    } else if (sampled == "0" || sampled == "false") {
      to.sampled = false;
    } else {
      return std::nullopt;
    }
  }
  if (const http::Header* flags = headers.find("x-b3-flags"); flags && flags->value == "1") {
    to.debug = true;
    to.sampled = true;
  }
  const http::Header* trace = headers.find(HeaderId::kXB3TraceId);
  const http::Header* span = headers.find(HeaderId::kXB3SpanId);
  if (!trace && !span) return to.sampled ? std::optional(to) : std::nullopt;
  if (!trace || !span || !parse_trace(trace->value, to) || !parse_span(span->value, to.span)) return std::nullopt;
  if (const http::Header* parent = headers.find(HeaderId::kXB3ParentSpanId)) {
    if (!parse_span(parent->value, to.parent)) return std::nullopt;
  }
  return to;
}

void inject_b3(const TraceContext& context, HeaderList& headers) {
  Arena& arena = headers.arena();
  headers.set(HeaderId::kXB3TraceId, trace_hex(context, arena, /*may_be_short=*/true));
  headers.set(HeaderId::kXB3SpanId, hex16(context.span, arena));
  if (context.parent) {
    headers.set(HeaderId::kXB3ParentSpanId, hex16(context.parent, arena));
  } else {
    headers.remove(HeaderId::kXB3ParentSpanId);
  }
  headers.set(HeaderId::kXB3Sampled, context.sampled.value_or(false) ? "1" : "0");
  // An upstream that prefers the single form must not take the client's span for its parent.
  if (headers.find("b3")) headers.set("b3", write_b3(context, arena));
}

}  // namespace proa::observe
