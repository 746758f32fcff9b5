// The typed form of a message: parsed once, then serialised again; no byte of framing is ever copied through.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/headers.h"

namespace proa::http {

enum class Version : uint8_t { kHttp10, kHttp11, kHttp2 };
std::string_view to_string(Version version);  ///< "HTTP/1.0", "HTTP/1.1", "HTTP/2", as access logs print it

enum class Method : uint8_t { kOther, kGet, kHead, kPost, kPut, kDelete, kConnect, kOptions, kTrace, kPatch };
Method method_of(std::string_view token);

/// A request's head, the same for HTTP/1 and HTTP/2. What HTTP/2 carries as pseudo-headers are members and
/// never in `headers`; HTTP/1's Host and HTTP/2's :authority are both `authority`.
struct RequestHead {
  explicit RequestHead(Arena& arena) : headers(arena) {}
  std::string_view method;
  std::string_view scheme;     ///< "http" or "https"; empty in HTTP/1 until the connection manager sets it
  std::string_view authority;  ///< as received (case kept); empty when absent (HTTP/1.0)
  std::string_view path;       ///< origin-form with query, "*" for OPTIONS, empty for CONNECT
  /// RFC 8441 :protocol, or the token of an accepted HTTP/1 Upgrade ("websocket", lower case); else empty.
  std::string_view protocol;
  HeaderList headers;
  Method method_id = Method::kOther;
  Version version = Version::kHttp11;
  bool expect_continue = false;  ///< "Expect: 100-continue" was there; the field is removed from `headers`
  /// HTTP/1 absolute-form target: `scheme` and `authority` came from it.
  bool absolute_form = false;
  bool wants_trailers = false;  ///< "te: trailers" was there; the field is removed from `headers`
};

struct ResponseHead {
  explicit ResponseHead(Arena& arena) : headers(arena) {}
  uint16_t status = 0;
  HeaderList headers;
  Version version = Version::kHttp11;
};

/// True for content-type application/grpc and application/grpc+x (PROTOCOL-HTTP2), not for grpc-web.
bool is_grpc(const HeaderList& headers);

/// The canonical reason phrase, or "Unknown".
std::string_view reason_phrase(uint16_t status);

}  // namespace proa::http
