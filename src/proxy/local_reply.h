// Shaping a reply that the proxy makes itself: mapped by the local_reply_config, as gRPC for gRPC clients.
#pragma once

#include <string_view>

#include "base/arena.h"
#include "filters/exchange.h"
#include "http/message.h"
#include "observe/stream_info.h"
#include "proxy/local_reply_config.h"

namespace proa::proxy {

struct ShapedReply {
  http::ResponseHead* head = nullptr;  ///< in the arena
  std::string_view body;               ///< in the arena, the configuration or static storage; empty for HEAD
};

/// `info.request` is null for a message that never became one. Sets the response's code in `info`, with the mapped status.
ShapedReply shape_local_reply(const LocalReplyConfig& config, const filters::LocalReply& reply,
                              observe::StreamInfo& info, Arena& arena);

}  // namespace proa::proxy
