// How an HTTP proxy is asked for a tunnel, and what is kept of its answer.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "http/message.h"
#include "observe/stream_info.h"
#include "proxy/tcp_proxy.h"

namespace proa::proxy {

/// The request lives in `arena`. `secure`: the proxy is spoken to over TLS.
const http::RequestHead& make_tunnel_request(const Tunneling& tunneling, const observe::StreamInfo& stream, bool secure,
                                             Arena& arena);

/// Puts {"headers": [{"key": ..., "value": ...}]} into the connection's filter state, as
/// %FILTER_STATE(key:TYPED)% prints it. `status` of 0: none.
void keep_tunnel_headers(observe::StreamInfo& stream, std::string_view key, uint16_t status,
                         const http::HeaderList& headers, Arena& arena);

}  // namespace proa::proxy
