// Heads and trailers as HTTP/1 text. Framing and connection fields are written from what the codec decided, never
// copied from the message.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/buffer.h"
#include "http/message.h"

namespace proa::http::h1 {

enum class ConnectionField : uint8_t { kNone, kClose, kKeepAlive, kUpgrade, kCloseAndUpgrade };

struct WrittenFraming {
  ConnectionField connection = ConnectionField::kNone;
  std::string_view upgrade;  ///< with kUpgrade and kCloseAndUpgrade
  bool chunked = false;
  bool zero_length = false;          ///< adds "content-length: 0"
  bool omit_content_length = false;  ///< one in the headers is left out
  bool expect_continue = false;
  bool proper_case = false;  ///< "Content-Type" instead of "content-type"
};

/// False, and nothing is written, when a name or value would break out of its line: the last guard against
/// response splitting, whoever made the message. An extended CONNECT (RFC 8441) is written as the GET with Upgrade
/// that it stands for.
bool write_request_head(Buffer& out, const RequestHead& head, const WrittenFraming& framing);
bool write_response_head(Buffer& out, uint16_t status, const HeaderList& headers, const WrittenFraming& framing);
/// "0", the trailers that may be sent, an empty line.
bool write_last_chunk(Buffer& out, const HeaderList& trailers, bool proper_case);

}  // namespace proa::http::h1
