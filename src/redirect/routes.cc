#include "redirect/routes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "redirect/tool.h"

namespace proa::redirect {
namespace {

using Words = std::vector<std::string>;

/// Also where the kernel has no IPv6.
bool says_nothing_is_there(const std::string& err) {
  return err.find("FIB table does not exist") != std::string::npos || err.find("not supported") != std::string::npos;
}

}  // namespace

Words Route::command(const std::string& verb) const {
  Words out{"ip", family, object, verb};
  const Words& tail = verb == "show" ? show : rest;
  out.insert(out.end(), tail.begin(), tail.end());
  return out;
}

std::vector<Route> routes_of(const Options& options) {
  const bool inbound = options.inbound_ports.all || !options.inbound_ports.list.empty();
  const bool tproxy = options.mode == Mode::tproxy && inbound;
  const std::string mark = fmt::format("{:#x}", options.tproxy_mark), table = std::to_string(options.tproxy_table);
  std::vector<Route> out;
  for (const std::string family : {"-4", "-6"}) {
    const bool six = family == "-6";
    const std::string version = six ? "IPv6" : "IPv4";
    out.push_back({.what = fmt::format("the route of table {} to lo ({})", table, version),
                   .rest = {"local", six ? "::/0" : "0.0.0.0/0", "dev", "lo", "table", table},
                   .family = family,
                   .object = "route",
                   .show = {"table", table},
                   .shown = "local default dev lo ",
                   .wanted = tproxy && (!six || options.ipv6)});
    out.push_back({.what = fmt::format("the routing rule for mark {} ({})", options.tproxy_mark, version),
                   .rest = {"fwmark", mark, "lookup", table},
                   .family = family,
                   .object = "rule",
                   .show = {},
                   .shown = fmt::format(" fwmark {} lookup {} ", mark, table),
                   .wanted = tproxy && (!six || options.ipv6)});
  }
  // IPv4 has all of 127.0.0.0/8; IPv6 has but ::1, so that the proxy's source address must be added.
  out.push_back({.what = "the address ::6 of lo",
                 .rest = {"::6/128", "dev", "lo"},
                 .family = "-6",
                 .object = "address",
                 .show = {"dev", "lo"},
                 .shown = "inet6 ::6/128 ",
                 .wanted = options.ipv6});
  return out;
}

Result<int> count_of(const Route& route) {
  const Words command = route.command("show");
  auto shown = run_tool(command);
  if (!shown) return std::unexpected(shown.error());
  if (shown->exit_code != 0) {
    if (says_nothing_is_there(shown->err)) return 0;
    return fail(fmt::format("{}: {}", fmt::join(command, " "), shown->err));
  }
  int count = 0;
  std::string_view rest = shown->out;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string line = std::string(rest.substr(0, end)) + " ";
    if (line.find(route.shown) != std::string::npos) ++count;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return count;
}

Result<bool> add(const Route& route) {
  auto count = count_of(route);
  if (!count) return std::unexpected(count.error());
  if (*count > 0) return false;
  auto added = demand_tool(route.command("add"));
  if (!added) return std::unexpected(added.error());
  return true;
}

Result<bool> remove(const Route& route) {
  auto count = count_of(route);
  if (!count) return std::unexpected(count.error());
  for (int i = 0; i < *count; ++i) {
    auto removed = demand_tool(route.command("del"));
    if (!removed) return std::unexpected(removed.error());
  }
  return *count > 0;
}

}  // namespace proa::redirect
