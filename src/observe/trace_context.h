// Where a request stands in its trace: W3C Trace Context (traceparent, tracestate) and B3 (one header or several).
//
// Both are read strictly. What is malformed is as good as absent: a new trace begins, and nothing of the malformed
// text goes on.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/arena.h"
#include "http/headers.h"

namespace proa::observe {

struct TraceContext {
  uint64_t trace_high = 0;  ///< 0 in a B3 trace of 64 bits
  uint64_t trace_low = 0;
  uint64_t span = 0;
  uint64_t parent = 0;          ///< B3 only; 0: none
  std::optional<bool> sampled;  ///< nullopt: the sender leaves it to us (B3 only)
  bool debug = false;           ///< B3: sampled, whatever anybody else thinks
  std::string_view state;       ///< tracestate, valid, as received

  /// False for a B3 decision without identifiers ("b3: 0").
  bool has_ids() const { return (trace_high | trace_low) != 0 && span != 0; }
  friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

inline constexpr size_t kTraceparentSize = 55;

/// https://www.w3.org/TR/trace-context-2/#traceparent-header. Versions above 00 are read as 00 with more behind it.
std::optional<TraceContext> parse_traceparent(std::string_view value);
/// Version 00, in `arena`.
std::string_view write_traceparent(const TraceContext& context, Arena& arena);
/// The list-members' grammar, at most 32 of them.
bool valid_tracestate(std::string_view value);

/// {TraceId}-{SpanId}[-{0|1|d}[-{ParentSpanId}]], or only the decision.
std::optional<TraceContext> parse_b3(std::string_view value);
std::string_view write_b3(const TraceContext& context, Arena& arena);

/// From a request's headers. Slices point into their arena or values.
std::optional<TraceContext> extract_w3c(const http::HeaderList& headers);
/// The single header before the several ones, as its specification says.
std::optional<TraceContext> extract_b3(const http::HeaderList& headers);

/// Replaces traceparent; tracestate stays where it is valid and belongs to this trace, else it goes.
void inject_w3c(const TraceContext& context, http::HeaderList& headers);
/// x-b3-*, and b3 where the client sent that form.
void inject_b3(const TraceContext& context, http::HeaderList& headers);

/// Lower-case hexadecimal, in `arena`: 16 digits, and 32 of a trace (16 when its upper half is 0 and `may_be_short`).
std::string_view hex16(uint64_t value, Arena& arena);
std::string_view trace_hex(const TraceContext& context, Arena& arena, bool may_be_short = false);
/// Writes 16 digits.
void write_hex16(uint64_t value, char* out);

}  // namespace proa::observe
