#include "proxy/http_inspector_stats.h"

namespace proa::proxy {
namespace {

// In the order of HttpInspectorStat.
constexpr observe::StatDef kStats[] = {{"http10_found"}, {"http11_found"}, {"http2_found"}, {"http_not_found"}};

}  // namespace

const observe::StatSchema kHttpInspectorSchema{"http_inspector", kStats};

HttpInspectorStat inspector_stat(net::HttpInspection inspection) {
  switch (inspection) {
    case net::HttpInspection::kHttp10: return HttpInspectorStat::kHttp10Found;
    case net::HttpInspection::kHttp11: return HttpInspectorStat::kHttp11Found;
    case net::HttpInspection::kH2c: return HttpInspectorStat::kHttp2Found;
    case net::HttpInspection::kNot:
    case net::HttpInspection::kNeedMore: break;
  }
  return HttpInspectorStat::kHttpNotFound;
}

}  // namespace proa::proxy
