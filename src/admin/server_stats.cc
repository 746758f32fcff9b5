#include "admin/server_stats.h"

#include "admin/certificates.h"
#include "admin/memory_use.h"
#include "admin/server_state.h"
#include "base/number.h"
#include "proxy/listener_stats.h"

namespace proa::admin {
namespace {

using observe::StatDef;
using observe::StatKind;
using proxy::ServerState;

enum class ServerStat : uint8_t {
  kLive,
  kState,
  kUptime,
  kConcurrency,
  kMemoryAllocated,
  kMemoryHeapSize,
  kMemoryPhysicalSize,
  kTotalConnections,
  kVersion,
  kDaysUntilFirstCertExpiring,
  kHotRestartEpoch,
  kParentConnections
};
constexpr StatDef kServerStats[] = {
    {"live", StatKind::kGauge},
    {"state", StatKind::kGauge},
    {"uptime", StatKind::kGauge},
    {"concurrency", StatKind::kGauge},
    {"memory_allocated", StatKind::kGauge},
    {"memory_heap_size", StatKind::kGauge},
    {"memory_physical_size", StatKind::kGauge},
    {"total_connections", StatKind::kGauge},
    {"version", StatKind::kGauge},
    {"days_until_first_cert_expiring", StatKind::kGauge},
    {"hot_restart_epoch", StatKind::kGauge},
    {"parent_connections", StatKind::kGauge},
};
constexpr observe::StatSchema kServerSchema{.prefix = "server", .stats = kServerStats};

enum class ManagerStat : uint8_t { kWorkersStarted, kTotalListenersActive };
constexpr StatDef kManagerStats[] = {
    {"workers_started", StatKind::kGauge},
    {"total_listeners_active", StatKind::kGauge},
};
constexpr observe::StatSchema kManagerSchema{.prefix = "listener_manager", .stats = kManagerStats};

constexpr int64_t kNoCertificate = UINT32_MAX;  // what Envoy shows

int64_t seconds_since(MonoTime start, MonoTime now) {
  return std::chrono::floor<std::chrono::seconds>(now - start).count();
}

/// The first six digits of the revision, so that a graph shows when the program changed.
int64_t version_number(const std::string& revision) {
  return static_cast<int64_t>(parse_hex(std::string_view(revision).substr(0, 6)).value_or(0));
}

int64_t open_connections(const observe::Registry& registry) {
  int64_t total = 0;
  registry.for_each([&](const observe::StatGroup& group) {
    if (&group.schema() != &proxy::kListenerSchema) return;
    total += registry.sum(group, static_cast<size_t>(proxy::ListenerStat::kCxActive));
  });
  return total;
}

}  // namespace

ServerStats::ServerStats(const AdminContext& context)
    : context_(context),
      server_(context.server.registry(), kServerSchema, {}),
      listener_manager_(context.server.registry(), kManagerSchema, {}) {}

void ServerStats::update() {
  proxy::Server& server = context_.server;
  net::Loop& loop = server.main_loop();
  const ServerState state = reported_state(server);
  server_.set(ServerStat::kLive, state == ServerState::kLive);
  server_.set(ServerStat::kState, number_of(state));
  server_.set(ServerStat::kUptime, seconds_since(context_.started, loop.now()));
  server_.set(ServerStat::kConcurrency, server.options().concurrency);
  const MemoryUse memory = memory_use();
  server_.set(ServerStat::kMemoryAllocated, static_cast<int64_t>(memory.allocated));
  server_.set(ServerStat::kMemoryHeapSize, static_cast<int64_t>(memory.heap));
  server_.set(ServerStat::kMemoryPhysicalSize, static_cast<int64_t>(memory.resident));
  server_.set(ServerStat::kTotalConnections, open_connections(server.registry()));
  server_.set(ServerStat::kVersion, version_number(context_.revision));
  const auto days = days_until_first_expiration(server, loop.wall_now());
  server_.set(ServerStat::kDaysUntilFirstCertExpiring, days ? static_cast<int64_t>(*days) : kNoCertificate);
  server_.set(ServerStat::kHotRestartEpoch, context_.command_line.restart_epoch);
  server_.set(ServerStat::kParentConnections, 0);

  const bool listening = server.state() == ServerState::kLive || server.state() == ServerState::kDraining;
  listener_manager_.set(ManagerStat::kWorkersStarted, listening);
  listener_manager_.set(ManagerStat::kTotalListenersActive,
                        listening ? static_cast<int64_t>(server.listeners().size()) : 0);
}

}  // namespace proa::admin
