// The body of a message being sent: exactly what its head promised.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/buffer.h"
#include "http/headers.h"

namespace proa::http::h1 {

enum class SentBody : uint8_t {
  kDiscarded,  ///< HEAD, 204, 304: the head describes a body that is not sent
  kLength,
  kChunked,
  kRaw,  ///< until the connection ends: HTTP/1.0 responses, tunnels
};

class BodyEncoder {
 public:
  void start(SentBody kind, uint64_t length = 0) {
    kind_ = kind;
    remaining_ = length;
  }
  /// False when the bytes do not fit the length of the head: too many, or `end` too early. Nothing is written then.
  bool write(Buffer& out, std::string_view data, bool end);
  /// Ends the message; the trailers are sent in a chunked body when `send` is true. False as in write(), or when a
  /// field is invalid.
  bool write_trailers(Buffer& out, const HeaderList& trailers, bool send, bool proper_case);
  SentBody kind() const { return kind_; }

 private:
  SentBody kind_ = SentBody::kDiscarded;
  uint64_t remaining_ = 0;
};

}  // namespace proa::http::h1
