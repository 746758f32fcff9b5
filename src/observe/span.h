// A finished span, as exporters send it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace proa::observe {

enum class SpanKind : uint8_t { kServer, kClient };

struct SpanEvent {
  WallTime when{};
  std::string name;
};

/// Owns its text: it outlives the exchange.
struct Span {
  uint64_t trace_high = 0, trace_low = 0;
  uint64_t id = 0;
  uint64_t parent = 0;         ///< 0: the trace begins here
  bool remote_parent = false;  ///< the parent is of another process
  bool shared = false;         ///< B3: `id` is the client's span, of which this is the other half
  SpanKind kind = SpanKind::kServer;
  bool error = false;
  std::string state;  ///< tracestate
  std::string name;
  WallTime start{}, end{};
  std::vector<std::pair<std::string, std::string>> tags;
  std::vector<SpanEvent> events;

  void tag(std::string_view key, std::string_view value) { tags.emplace_back(key, value); }
};

}  // namespace proa::observe
