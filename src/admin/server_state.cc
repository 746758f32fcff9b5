#include "admin/server_state.h"

namespace proa::admin {

using proxy::ServerState;

ServerState reported_state(const proxy::Server& server) {
  const bool failed = server.health_checks_fail().load(std::memory_order_relaxed);
  return server.state() == ServerState::kLive && failed ? ServerState::kDraining : server.state();
}

std::string_view name_of(ServerState state) {
  switch (state) {
    case ServerState::kLive: return "LIVE";
    case ServerState::kDraining: return "DRAINING";
    case ServerState::kPreInitializing: return "PRE_INITIALIZING";
    case ServerState::kInitializing: return "INITIALIZING";
  }
  return "LIVE";
}

int64_t number_of(ServerState state) {
  switch (state) {
    case ServerState::kLive: return 0;
    case ServerState::kDraining: return 1;
    case ServerState::kPreInitializing: return 2;
    case ServerState::kInitializing: return 3;
  }
  return 0;
}

}  // namespace proa::admin
