// Spans as Zipkin's JSON v2 (https://zipkin.io/zipkin-api/).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "observe/span.h"

namespace proa::observe {

/// Who reports: localEndpoint of every span.
struct ZipkinEndpoint {
  std::string service;
  std::string ip;     ///< empty: left out
  uint16_t port = 0;  ///< 0: left out
};

std::string encode_zipkin_span(const Span& span, const ZipkinEndpoint& local);
/// The body of a POST for spans of encode_zipkin_span().
std::string encode_zipkin_request(std::span<const std::string> spans);

}  // namespace proa::observe
