// What the connection manager adds to and takes from every response before it goes to the client.
#pragma once

#include "http/message.h"
#include "net/loop.h"
#include "observe/stream_info.h"
#include "proxy/connection_manager.h"

namespace proa::proxy {

/// server, date, via, x-request-id, proxy-status, which may change the status; hop-by-hop fields are gone already (the codecs remove them).
void finish_response_headers(const ConnectionManager& manager, const observe::StreamInfo& info,
                             http::ResponseHead& head, net::Loop& loop);

}  // namespace proa::proxy
