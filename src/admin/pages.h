// All admin pages, and the way from a request to its page.
#pragma once

#include <span>
#include <string_view>

#include "admin/page.h"

namespace proa::admin {

/// By path.
std::span<const Page> pages();
/// "admin commands are:" and a line for each page.
std::string help_text();

/// The answer of the page at `target` (path and query): 404 with the help text when there is none, 405 for a method
/// that it does not take. Main thread.
Response answer(Admin& admin, http::Method method, std::string_view target);

// One function a page, by the file that has it.

// certs_page
Response certs_page(Admin& admin, const Request& request);
// clusters_page
Response clusters_page(Admin& admin, const Request& request);
// config_page
Response config_dump_page(Admin& admin, const Request& request);
Response config_status_page(Admin& admin, const Request& request);
// control_page
Response quit_page(Admin& admin, const Request& request);
Response health_fail_page(Admin& admin, const Request& request);
Response health_ok_page(Admin& admin, const Request& request);
Response reset_counters_page(Admin& admin, const Request& request);
Response reopen_logs_page(Admin& admin, const Request& request);
Response drain_listeners_page(Admin& admin, const Request& request);
// explain_page
Response explain_page(Admin& admin, const Request& request);
// help_page
Response home_page(Admin& admin, const Request& request);
Response help_page(Admin& admin, const Request& request);
// listeners_page
Response listeners_page(Admin& admin, const Request& request);
// logging_page
Response logging_page(Admin& admin, const Request& request);
// runtime_page
Response runtime_page(Admin& admin, const Request& request);
Response runtime_modify_page(Admin& admin, const Request& request);
// server_page
Response ready_page(Admin& admin, const Request& request);
Response server_info_page(Admin& admin, const Request& request);
Response memory_page(Admin& admin, const Request& request);
Response hot_restart_version_page(Admin& admin, const Request& request);
Response init_dump_page(Admin& admin, const Request& request);
// stats_page
Response stats_page(Admin& admin, const Request& request);
Response stats_prometheus_page(Admin& admin, const Request& request);
Response stats_recent_lookups_page(Admin& admin, const Request& request);

}  // namespace proa::admin
