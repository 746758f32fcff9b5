// Operators of times: START_TIME, EMIT_TIME, DURATION and its relatives.
#include <array>
#include <utility>

#include "observe/format_step.h"

namespace proa::observe {
namespace {

enum : uint32_t { kUtc = 0, kLocal = 1 };

template <uint32_t zone>
Status compile_time(std::string_view arguments, FormatStep& step) {
  std::string_view text = arguments;
  if (text.empty() && zone == kLocal) text = "%Y-%m-%dT%H:%M:%S.%3f%z";
  auto format = TimeFormat::compile(text, zone == kLocal);
  if (!format) return std::unexpected(format.error());
  step.time = std::move(*format);
  return {};
}

void wall_time(const FormatStep& step, WallTime time, FormatValue& value) {
  if (time == WallTime{}) return value.set_missing();
  value.scratch.clear();
  step.time.append(time, value.scratch);
  value.set_scratch();
}

void start_time(const FormatStep& step, const StreamInfo& info, FormatValue& value) {
  wall_time(step, info.start_wall, value);
}

// The end of the exchange is when its record is made; the clock is not read again.
void emit_time(const FormatStep& step, const StreamInfo& info, FormatValue& value) {
  WallTime time = info.start_wall;
  if (info.end != MonoTime{}) time += std::chrono::duration_cast<WallTime::duration>(info.end - info.start);
  wall_time(step, time, value);
}

enum Point : uint32_t {
  kStart,
  kRequestEnd,
  kUpstreamFirstTx,
  kUpstreamLastTx,
  kUpstreamFirstRx,
  kUpstreamLastRx,
  kResponseStart,
  kEnd,
  kConnectStart,
  kConnectEnd,
  kUpstreamHandshakeEnd,
  kHandshakeEnd,
  kPoolReady
};

constexpr std::pair<std::string_view, Point> kPoints[] = {
    {"DS_RX_BEG", kStart},
    {"DS_RX_END", kRequestEnd},
    {"US_CX_BEG", kConnectStart},
    {"US_CX_END", kConnectEnd},
    {"US_HS_END", kUpstreamHandshakeEnd},
    {"US_TX_BEG", kUpstreamFirstTx},
    {"US_TX_END", kUpstreamLastTx},
    {"US_RX_BEG", kUpstreamFirstRx},
    {"US_RX_END", kUpstreamLastRx},
    {"DS_TX_BEG", kResponseStart},
    {"DS_TX_END", kEnd},
    {"DS_HS_END", kHandshakeEnd},
};

MonoTime at(const StreamInfo& info, uint32_t point) {
  switch (point) {
    case kStart: return info.start;
    case kRequestEnd: return info.request_end;
    case kUpstreamFirstTx: return info.upstream_first_tx;
    case kUpstreamLastTx: return info.upstream_last_tx;
    case kUpstreamFirstRx: return info.upstream_first_rx;
    case kUpstreamLastRx: return info.upstream_last_rx;
    case kResponseStart: return info.response_start;
    case kConnectStart: return info.upstream_connect_start;
    case kConnectEnd: return info.upstream_connect_end;
    case kUpstreamHandshakeEnd: return info.upstream_handshake_end;
    case kHandshakeEnd: return info.downstream_handshake_end;
    case kPoolReady: return info.upstream_pool_ready;
    default: return info.end;
  }
}

enum Precision : uint32_t { kMilliseconds, kMicroseconds, kNanoseconds };

constexpr uint32_t pack(Point from, Point to, Precision precision) { return from | to << 8 | precision << 16; }

void duration(const FormatStep& step, const StreamInfo& info, FormatValue& value) {
  MonoTime from = at(info, step.option & 0xff), to = at(info, step.option >> 8 & 0xff);
  if (from == MonoTime{} || to == MonoTime{} || to < from) return value.set_missing();
  auto nanos = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(to - from).count());
  static constexpr uint64_t kDivisors[] = {1'000'000, 1'000, 1};
  value.set(nanos / kDivisors[step.option >> 16]);
}

Status compile_common_duration(std::string_view arguments, FormatStep& step) {
  std::array<std::string_view, 3> parts{"", "", "ms"};
  size_t count = 0;
  for (std::string_view rest = arguments; count < 3; ++count) {
    size_t colon = rest.find(':');
    parts[count] = rest.substr(0, colon);
    if (colon == std::string_view::npos) {
      ++count;
      break;
    }
    rest.remove_prefix(colon + 1);
  }
  if (count < 2) return fail("takes (START:END:PRECISION), such as (DS_RX_BEG:US_RX_BEG:us)");
  auto point = [&](std::string_view name) -> int {
    for (auto& [known, value] : kPoints) {
      if (known == name) return value;
    }
    return -1;
  };
  int from = point(parts[0]), to = point(parts[1]);
  if (from < 0 || to < 0) {
    return fail("unknown time point \"" + std::string(from < 0 ? parts[0] : parts[1]) +
                "\"; known are DS_RX_BEG, DS_RX_END, US_CX_BEG, US_CX_END, US_HS_END, US_TX_BEG, US_TX_END, "
                "US_RX_BEG, US_RX_END, DS_TX_BEG, DS_TX_END");
  }
  uint32_t precision;
  if (parts[2] == "ms") {
    precision = kMilliseconds;
  } else if (parts[2] == "us") {
    precision = kMicroseconds;
  } else if (parts[2] == "ns") {
    precision = kNanoseconds;
  } else {
    return fail("unknown precision \"" + std::string(parts[2]) + "\": ms, us or ns");
  }
  step.option = static_cast<uint32_t>(from) | static_cast<uint32_t>(to) << 8 | precision << 16;
  return {};
}

constexpr FormatOperator kOperators[] = {
    {"START_TIME", start_time, compile_time<kUtc>},
    {"START_TIME_LOCAL", start_time, compile_time<kLocal>},
    {"EMIT_TIME", emit_time, compile_time<kUtc>},
    {"EMIT_TIME_LOCAL", emit_time, compile_time<kLocal>},
    {"COMMON_DURATION", duration, compile_common_duration},
    {"DURATION", duration, nullptr, pack(kStart, kEnd, kMilliseconds)},
    {"REQUEST_DURATION", duration, nullptr, pack(kStart, kRequestEnd, kMilliseconds)},
    {"REQUEST_TX_DURATION", duration, nullptr, pack(kStart, kUpstreamLastTx, kMilliseconds)},
    {"RESPONSE_DURATION", duration, nullptr, pack(kStart, kUpstreamFirstRx, kMilliseconds)},
    {"RESPONSE_TX_DURATION", duration, nullptr, pack(kUpstreamFirstRx, kEnd, kMilliseconds)},
    {"DOWNSTREAM_HANDSHAKE_DURATION", duration, nullptr, pack(kStart, kHandshakeEnd, kMilliseconds)},
    {"UPSTREAM_CONNECTION_POOL_READY_DURATION", duration, nullptr, pack(kStart, kPoolReady, kMilliseconds)},
};

}  // namespace

std::span<const FormatOperator> time_operators() { return kOperators; }

}  // namespace proa::observe
