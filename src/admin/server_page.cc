// The process itself: is it ready, what is it, how much memory does it have.
#include <fmt/format.h>

#include "admin/json_response.h"
#include "admin/memory_use.h"
#include "admin/pages.h"
#include "admin/server_state.h"

namespace proa::admin {
namespace {

/// "REVISION/VERSION/Clean/RELEASE/OpenSSL", as Envoy spells its version.
std::string long_version(const AdminContext& context) {
#ifdef NDEBUG
  constexpr std::string_view kBuild = "RELEASE";
#else
  constexpr std::string_view kBuild = "DEBUG";
#endif
  const std::string revision = context.revision.empty() ? std::string(40, '0') : context.revision;
  const std::string_view state = context.modified ? "Modified" : "Clean";
  return fmt::format("{}/{}/{}/{}/OpenSSL", revision, context.version, state, kBuild);
}

std::string seconds_text(Duration duration) {
  return fmt::format("{}s", std::chrono::floor<std::chrono::seconds>(duration).count());
}

Json command_line_json(const CommandLine& line) {
  Json json = {{"base_id", line.base_id}, {"concurrency", line.concurrency}, {"config_path", line.config_path}};
  if (line.config_yaml) json["config_yaml"] = "[redacted]";
  json["log_level"] = line.log_level;
  json["component_log_level"] = line.component_log_level;
  json["log_format"] = line.log_format;
  json["log_path"] = line.log_path;
  json["restart_epoch"] = line.restart_epoch;
  json["service_cluster"] = line.service_cluster;
  json["service_node"] = line.service_node;
  json["service_zone"] = line.service_zone;
  json["drain_strategy"] = line.drain_strategy;
  json["drain_time"] = fmt::format("{}s", line.drain_time_s);
  json["parent_shutdown_time"] = fmt::format("{}s", line.parent_shutdown_time_s);
  json["mode"] = "Serve";
  json["disable_hot_restart"] = line.disable_hot_restart;
  json["allow_unknown_static_fields"] = line.allow_unknown_static_fields;
  return json;
}

Json node_json(const proxy::NodeIdentity& node) {
  return {{"id", node.id},
          {"cluster", node.cluster},
          {"locality", {{"region", node.region}, {"zone", node.zone}, {"sub_zone", node.sub_zone}}},
          {"user_agent_name", "proa"}};
}

}  // namespace

Response ready_page(Admin& admin, const Request&) {
  const proxy::ServerState state = reported_state(admin.server());
  const uint16_t status = state == proxy::ServerState::kLive ? 200 : 503;
  return {.status = status, .body = std::string(name_of(state)) + "\n"};
}

Response server_info_page(Admin& admin, const Request&) {
  const AdminContext& context = admin.context;
  const MonoTime now = admin.server().main_loop().now();
  const MonoTime first = context.first_started == MonoTime{} ? context.started : context.first_started;
  return json_response({{"version", long_version(context)},
                        {"state", name_of(reported_state(admin.server()))},
                        {"hot_restart_version", context.hot_restart_version},
                        {"command_line_options", command_line_json(context.command_line)},
                        {"node", node_json(admin.server().snapshot().node)},
                        {"uptime_current_epoch", seconds_text(now - context.started)},
                        {"uptime_all_epochs", seconds_text(now - first)}});
}

// envoy.admin.v3.Memory: numbers of 64 bits are strings.
Response memory_page(Admin&, const Request&) {
  const MemoryUse use = memory_use();
  return json_response({{"allocated", std::to_string(use.allocated)},
                        {"heap_size", std::to_string(use.heap)},
                        {"pageheap_unmapped", "0"},
                        {"pageheap_free", std::to_string(use.heap_free)},
                        {"total_thread_cache", "0"},
                        {"total_physical_bytes", std::to_string(use.resident)}});
}

Response hot_restart_version_page(Admin& admin, const Request&) {
  return {.body = admin.context.hot_restart_version + "\n"};
}

// envoy.admin.v3.UnreadyTargetsDumps: the clusters that warm.
Response init_dump_page(Admin& admin, const Request&) {
  Json names = Json::array();
  if (admin.started()) {
    for (const auto& cluster : admin.server().clusters().list_warming()) names.push_back("Cluster " + cluster->name());
  }
  if (names.empty()) return json_response(Json::object());
  return json_response(
      {{"unready_targets_dumps", Json::array({{{"name", "init manager Server"}, {"target_names", names}}})}});
}

}  // namespace proa::admin
