// settle: a call that is answered once all proxies have said whether they take the newest state.
#pragma once

#include <memory>

#include "grpc/server_call.h"
#include "mesh/push/push_server.h"

namespace proa::mesh {

/// What answers a call of Settle. `push` outlives it, and is on its thread.
std::unique_ptr<grpc::CallHandler> make_settle_handler(grpc::ServerCall& call, PushServer& push);

}  // namespace proa::mesh
