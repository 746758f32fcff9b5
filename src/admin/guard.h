// Who may talk to an admin surface on TCP: what a browser can be tricked into does not get through.
#pragma once

#include <optional>
#include <string>

#include "http/message.h"
#include "net/transport.h"

namespace proa::admin {

/// The sentence of a 403, or nothing when the request may pass.
///
/// DNS rebinding: a page of an attacker reaches us under a name that the attacker has pointed here. So Host must be
/// "localhost" or an address: loopback, or the one that was connected to.
/// Cross-site requests: a form of another site can post here. So Origin, if there is one, must be our own.
/// Unix sockets are beyond a browser's reach: everything passes.
std::optional<std::string> refusal(const http::RequestHead& request, const net::ConnectionInfo& connection);

}  // namespace proa::admin
