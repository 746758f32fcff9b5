// Who writes the answer to a message that never became a request: the proxy maps and formats it like its other replies.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "http/message.h"

namespace proa::http::h1 {

struct RefusalAnswer {
  const ResponseHead* head;  ///< never null; without framing other than content-length
  std::string_view body;
};

class RefusalWriter {
 public:
  virtual ~RefusalWriter() = default;
  /// Called in place of ServerHandler::on_malformed(). The answer is made in `arena`, which lives until it is written.
  virtual RefusalAnswer answer_malformed(uint16_t status, std::string_view reason, Arena& arena) = 0;
};

}  // namespace proa::http::h1
