// Tells by the first bytes of clear text whether a client speaks HTTP, and which.
#pragma once

#include <cstdint>
#include <string_view>

namespace proa::net {

enum class HttpInspection : uint8_t { kNeedMore, kHttp10, kHttp11, kH2c, kNot };

/// `bytes` is everything received so far, from the first byte; no state between calls. Only the preface of HTTP/2 or
/// the request line is looked at. kNeedMore until they can be told; a request line longer than `limit` is kNot.
HttpInspection inspect_http(std::string_view bytes, size_t limit = 64 * 1024);

/// Envoy's name: "http/1.0", "http/1.1", "h2c"; empty for the others.
std::string_view protocol_name(HttpInspection inspection);

}  // namespace proa::net
