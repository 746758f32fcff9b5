// The provider of a tracing: OpenTelemetry or Zipkin -> how contexts travel and where spans go.
#pragma once

#include "config/compiler.h"
#include "envoy/config/trace/v3/http_tracer.pb.h"
#include "proxy/tracer.h"

namespace proa::config {

class SupportedTable;

void compile_trace_provider(const envoy::config::trace::v3::Tracing::Http& from, proxy::Tracer& to, const Site& at,
                            Compiler& compiler);

void add_trace_provider_fields(SupportedTable& table);

}  // namespace proa::config
