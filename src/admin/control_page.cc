// Pages that change what the server does: all of them POST.
#include <fmt/format.h>

#include "admin/pages.h"

namespace proa::admin {
namespace {

Response ok() { return {.body = "OK\n"}; }

}  // namespace

Response quit_page(Admin& admin, const Request&) {
  if (!admin.context.quit) return refuse(501, "this program cannot be ended from here");
  // After this turn, at the end of which the answer is written.
  admin.server().main_loop().post(admin.context.quit);
  return ok();
}

Response health_fail_page(Admin& admin, const Request&) {
  admin.server().fail_health_checks(true);
  return ok();
}

Response health_ok_page(Admin& admin, const Request&) {
  admin.server().fail_health_checks(false);
  return ok();
}

Response reset_counters_page(Admin& admin, const Request&) {
  admin.server().registry().reset_counters();
  return ok();
}

Response reopen_logs_page(Admin& admin, const Request&) {
  if (!admin.context.reopen_logs) return refuse(501, "this program has no log files");
  admin.context.reopen_logs();
  return ok();
}

// graceful: connections are told to end while they finish what they do, for --drain-time-s. Otherwise the sockets
// close and connections go on. inboundonly: of listeners whose traffic_direction is INBOUND.
Response drain_listeners_page(Admin& admin, const Request& request) {
  if (!admin.started()) return refuse(503, "the server has no listeners yet");
  const bool graceful = request.query.has("graceful");
  const auto traffic = request.query.has("inboundonly") ? proxy::Traffic::kInbound : proxy::Traffic::kAll;
  if (request.query.has("skip_exit") && !graceful) return refuse(400, "skip_exit goes with graceful");
  if (!graceful) {
    admin.server().stop_accepting(traffic);
  } else if (admin.server().state() != proxy::ServerState::kDraining) {
    admin.server().drain({.limit = admin.server().options().drain_time, .traffic = traffic}, [] {});
  }
  return ok();
}

}  // namespace proa::admin
