// The first step of every request: made canonical once, identified, and refused if it must be, before anything
// matches on it. All later steps see the same strings that the upstream gets.
#pragma once

#include <optional>

#include "filters/exchange.h"
#include "http/message.h"
#include "net/address.h"
#include "observe/stream_info.h"
#include "proxy/connection_manager.h"

namespace proa::proxy {

/// Changes the head in place. `client` receives the trusted address, which `info.remote_address` then points to.
/// Returns the reply when the request goes no further. `routes` name the headers that only insiders may send.
/// `random` is two words for the request id.
std::optional<filters::LocalReply> accept_request(const ConnectionManager& manager, const route::RouteTable& routes,
                                                  http::RequestHead& request, observe::StreamInfo& info,
                                                  net::Address& client, Arena& arena, uint64_t random_high,
                                                  uint64_t random_low);
/// The same for a request that the proxy has redirected: path and host are new, who the client is stays.
std::optional<filters::LocalReply> accept_redirected(const ConnectionManager& manager, http::RequestHead& request,
                                                     Arena& arena);

}  // namespace proa::proxy
