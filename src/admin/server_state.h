// The state of the server in the words of envoy.admin.v3.ServerInfo.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/server.h"

namespace proa::admin {

/// What operators are told: a live server whose health checks are failed on purpose counts as draining.
proxy::ServerState reported_state(const proxy::Server& server);
/// "LIVE", "DRAINING", "PRE_INITIALIZING", "INITIALIZING".
std::string_view name_of(proxy::ServerState state);
/// ServerInfo.State: 0 live, 1 draining, 2 pre-initializing, 3 initializing. The gauge server.state.
int64_t number_of(proxy::ServerState state);

}  // namespace proa::admin
