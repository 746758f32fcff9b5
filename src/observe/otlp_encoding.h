// Spans as OTLP: the bytes of opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "observe/span.h"

namespace proa::observe {

using ResourceAttributes = std::vector<std::pair<std::string, std::string>>;

/// One span, as it stands in ScopeSpans.spans. Made when the span ends, so that the queue holds bytes.
std::string encode_otlp_span(const Span& span);

/// The request for spans of encode_otlp_span(); one resource, one scope. An empty `scope` is left out.
std::string encode_otlp_request(const ResourceAttributes& resource, std::string_view scope, std::string_view version,
                                std::span<const std::string> spans);

}  // namespace proa::observe
