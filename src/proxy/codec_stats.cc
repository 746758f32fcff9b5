#include "proxy/codec_stats.h"

#include <array>

#include "http/codec.h"

namespace proa::proxy {
namespace {

constexpr size_t kCount = static_cast<size_t>(http::CodecCounter::kCount);

const std::array<observe::StatDef, kCount> kStats = [] {
  std::array<observe::StatDef, kCount> stats;
  for (size_t i = 0; i < kCount; ++i) stats[i] = {http::to_string(static_cast<http::CodecCounter>(i))};
  return stats;
}();

}  // namespace

const observe::StatSchema kCodecSchema{"http", kStats};

}  // namespace proa::proxy
