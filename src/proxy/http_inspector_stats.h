// What the http_inspector listener filter counts, under http_inspector., with Envoy's names.
#pragma once

#include "net/http_inspector.h"
#include "observe/stats.h"

namespace proa::proxy {

enum class HttpInspectorStat : uint8_t { kHttp10Found, kHttp11Found, kHttp2Found, kHttpNotFound };
extern const observe::StatSchema kHttpInspectorSchema;

/// Of a finished inspection.
HttpInspectorStat inspector_stat(net::HttpInspection inspection);

}  // namespace proa::proxy
