#include "observe/response_flags.h"

#include <array>
#include <utility>

namespace proa::observe {
namespace {

constexpr size_t kFlags = static_cast<size_t>(ResponseFlag::kCount);
// In the order of the enumeration.
constexpr std::array<std::pair<std::string_view, std::string_view>, kFlags> kNames = {{
    {"URX", "UpstreamRetryLimitExceeded"},
    {"LH", "FailedLocalHealthCheck"},
    {"UH", "NoHealthyUpstream"},
    {"UT", "UpstreamRequestTimeout"},
    {"LR", "LocalReset"},
    {"UR", "UpstreamRemoteReset"},
    {"UF", "UpstreamConnectionFailure"},
    {"UC", "UpstreamConnectionTermination"},
    {"UO", "UpstreamOverflow"},
    {"NR", "NoRouteFound"},
    {"DI", "DelayInjected"},
    {"FI", "FaultInjected"},
    {"RL", "RateLimited"},
    {"UAEX", "UnauthorizedExternalService"},
    {"RLSE", "RateLimitServiceError"},
    {"DC", "DownstreamConnectionTermination"},
    {"SI", "StreamIdleTimeout"},
    {"IH", "InvalidEnvoyRequestHeaders"},
    {"DPE", "DownstreamProtocolError"},
    {"UMSDR", "UpstreamMaxStreamDurationReached"},
    {"RFCF", "ResponseFromCacheFilter"},
    {"NFCF", "NoFilterConfigFound"},
    {"DT", "DurationTimeout"},
    {"UPE", "UpstreamProtocolError"},
    {"NC", "NoClusterFound"},
    {"OM", "OverloadManagerTerminated"},
    {"DF", "DnsResolutionFailed"},
    {"DO", "DropOverload"},
    {"DR", "DownstreamRemoteReset"},
    {"UDO", "UnconditionalDropOverload"},
}};
static_assert(!kNames.back().first.empty(), "every flag has a name");

}  // namespace

std::string_view short_name(ResponseFlag flag) { return kNames[static_cast<size_t>(flag)].first; }
std::string_view long_name(ResponseFlag flag) { return kNames[static_cast<size_t>(flag)].second; }

std::optional<ResponseFlag> response_flag(std::string_view short_form) {
  for (size_t i = 0; i < kFlags; ++i) {
    if (kNames[i].first == short_form) return static_cast<ResponseFlag>(i);
  }
  return std::nullopt;
}

void append_flags(const ResponseFlags& flags, bool long_form, std::string& out) {
  bool first = true;
  for (size_t i = 0; i < kFlags && flags.any(); ++i) {
    if (!flags.test(i)) continue;
    if (!first) out += ',';
    out += long_form ? kNames[i].second : kNames[i].first;
    first = false;
  }
}

}  // namespace proa::observe
