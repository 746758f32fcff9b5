#include "admin/pages.h"

#include <fmt/format.h>

#include <algorithm>

namespace proa::admin {
namespace {

constexpr bool kChanges = true;

constexpr Page kPages[] = {
    {"/", "Admin home page", home_page},
    {"/certs", "print certs on machine", certs_page},
    {"/clusters", "upstream cluster status (format=json)", clusters_page},
    {"/config_dump", "dump current configuration (resource=, name_regex=, mask=, include_eds)", config_dump_page},
    {"/config_status", "what came of the last configuration that was read", config_status_page},
    {"/drain_listeners", "drain listeners (graceful, skip_exit, inboundonly)", drain_listeners_page, kChanges},
    {"/explain",
     "say which listener, route and hosts a request would take (host=, path=, method=, header=name:value, "
     "source=, listener=, destination=, sni=, alpn=, format=text)",
     explain_page},
    {"/healthcheck/fail", "cause the server to fail health checks", health_fail_page, kChanges},
    {"/healthcheck/ok", "cause the server to pass health checks", health_ok_page, kChanges},
    {"/help", "print out list of admin commands", help_page},
    {"/hot_restart_version", "print the hot restart compatibility version", hot_restart_version_page},
    {"/init_dump", "dump what the server waits for before it is live", init_dump_page},
    {"/listeners", "print listener info (format=json)", listeners_page},
    {"/logging", "query logging levels; with POST change them (level=, NAME=level, paths=NAME:level,..)", logging_page},
    {"/memory", "print current allocation/heap usage", memory_page},
    {"/quitquitquit", "exit the server", quit_page, kChanges},
    {"/ready", "print server state, return 200 if LIVE, otherwise return 503", ready_page},
    {"/reopen_logs", "reopen access logs", reopen_logs_page, kChanges},
    {"/reset_counters", "reset all counters to zero", reset_counters_page, kChanges},
    {"/runtime", "print runtime values", runtime_page},
    {"/runtime_modify", "add or change runtime values (KEY=VALUE, an empty value takes it back)", runtime_modify_page,
     kChanges},
    {"/server_info", "print server version/status information", server_info_page},
    {"/stats", "print server stats (filter=, usedonly, type=, format=text|json|prometheus|html)", stats_page},
    {"/stats/prometheus", "print server stats in prometheus format (filter=, usedonly)", stats_prometheus_page},
    {"/stats/recentlookups", "show recent stat-name lookups", stats_recent_lookups_page},
};

/// Envoy's pages answer POST like GET.
bool takes(const Page& page, http::Method method) {
  if (method == http::Method::kPost) return true;
  return !page.changes && (method == http::Method::kGet || method == http::Method::kHead);
}

}  // namespace

std::span<const Page> pages() { return kPages; }

std::string help_text() {
  std::string text = "admin commands are:\n";
  for (const Page& page : kPages) fmt::format_to(std::back_inserter(text), "  {}: {}\n", page.path, page.help);
  return text;
}

Response answer(Admin& admin, http::Method method, std::string_view target) {
  const std::string_view path = target.substr(0, target.find_first_of("?#"));
  const Page* page = std::ranges::find(kPages, path, &Page::path);
  if (page == std::end(kPages)) return {.status = 404, .body = "invalid path. " + help_text()};
  if (!takes(*page, method)) {
    Response refused = refuse(405, fmt::format("{} changes the server: use POST", path));
    if (!page->changes) refused = refuse(405, fmt::format("{} takes GET, HEAD and POST", path));
    refused.allow = page->changes ? "POST" : "GET, HEAD, POST";
    return refused;
  }
  return page->handler(admin, {.method = method, .query = Query::parse(target)});
}

}  // namespace proa::admin
