#include "cli/proa/journey_print.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

namespace proa::cli {

namespace {

using Json = nlohmann::ordered_json;
using mesh::Hop;
using proxy::ExplainedFilter;
using proxy::Explanation;

constexpr const char* kTls[] = {"no TLS", "TLS", "mutual TLS"};

std::string verdict_of(const ExplainedFilter& filter) {
  if (!filter.enabled) return filter.reason;
  if (!filter.foreseen) return "depends on more than the request";
  constexpr const char* kWords[] = {"passes", "denies", "is not decided here"};
  const std::string word = kWords[static_cast<std::size_t>(filter.foreseen->what)];
  return filter.foreseen->why.empty() ? word : word + ": " + filter.foreseen->why;
}

/// Those that decide over the request; others only where the route speaks of them.
bool decides(const ExplainedFilter& filter) {
  if (!filter.reason.empty()) return true;
  for (const char* part : {"rbac", "jwt", "ext_authz"}) {
    if (filter.name.find(part) != std::string::npos) return true;
  }
  return false;
}

std::string place_of(const mesh::Origin& origin) {
  std::string out = origin.object;
  if (origin.file.empty()) return out;
  out += fmt::format(" ({}", origin.file);
  if (origin.line != 0) out += fmt::format(":{}:{}", origin.line, origin.column);
  return out + ")";
}

class Text {
 public:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    out_ += '\n';
  }

  void leg(const mesh::Leg& leg) {
    const Explanation& way = leg.way;
    line("{}", leg.proxy);
    line("  listener   {}: {}", way.listener, way.listener_reason);
    if (way.has_chain)
      line("  chain      {}{}", way.filter_chain.empty() ? "(without a name)" : way.filter_chain,
           way.tls ? " (ends TLS)" : "");
    for (const std::string& step : way.chain_steps) line("             {}", step);
    for (const auto& filter : way.network_filters) line("  policy     {}", verdict_of(filter));
    if (!way.host.empty()) request(way);
    for (const auto& filter : way.filters) {
      if (decides(filter)) line("  policy     {} {}", filter.name, verdict_of(filter));
    }
    if (!way.cluster.empty()) line("  cluster    {}", way.cluster);
    for (const auto& [name, weight] : way.weighted) line("             weight {} of {}", weight, name);
    for (const auto& host : way.hosts) line("  endpoint   {}: {}{}", host.address, host.health, socket_of(host));
    for (const auto& [what, origin] : leg.origins) line("  by         {}: {}", what, place_of(origin));
  }

  void hop(const Hop& hop) {
    line("connection to {} with {}", hop.endpoint, kTls[static_cast<std::size_t>(hop.tls)]);
    if (!hop.sni.empty()) line("  server     {}", hop.sni);
    if (!hop.alpn.empty()) line("  protocols  {}", fmt::join(hop.alpn, ", "));
    for (const std::string& name : hop.names) line("  it must be {}", name);
  }

  std::string take() { return std::move(out_); }

 private:
  void request(const Explanation& way) {
    line("  request    host {}, path {}", way.host, way.path);
    line("  hosts      {}: {}", way.virtual_host.empty() ? "(none)" : way.virtual_host, way.virtual_host_reason);
    for (const auto& route : way.rejected) {
      line("             not {}: {}", name_of(route), route.reason);
    }
    if (way.route) line("  route      {}: {}", name_of(*way.route), way.route->reason);
  }

  static std::string name_of(const proxy::ExplainedRoute& route) {
    return route.name.empty() ? fmt::format("number {}", route.index) : route.name;
  }

  static std::string socket_of(const proxy::ExplainedHost& host) { return host.tls ? ", by TLS" : ""; }

  std::string out_;
};

Json filter_json(const ExplainedFilter& filter) {
  Json out{{"name", filter.name}, {"enabled", filter.enabled}};
  if (filter.foreseen) {
    constexpr const char* kWords[] = {"pass", "deny", "ask"};
    out["decision"] = kWords[static_cast<std::size_t>(filter.foreseen->what)];
    out["reason"] = filter.foreseen->why;
  }
  return out;
}

Json leg_json(const mesh::Leg& leg) {
  const Explanation& way = leg.way;
  Json out{{"proxy", leg.proxy},
           {"outcome", way.outcome},
           {"listener", {{"name", way.listener}, {"reason", way.listener_reason}}},
           {"filterChain", {{"name", way.filter_chain}, {"tls", way.tls}, {"steps", way.chain_steps}}}};
  Json filters = Json::array();
  for (const auto* list : {&way.network_filters, &way.filters}) {
    for (const auto& filter : *list) filters.push_back(filter_json(filter));
  }
  out["filters"] = std::move(filters);
  if (!way.host.empty()) {
    out["virtualHost"] = {{"name", way.virtual_host}, {"reason", way.virtual_host_reason}};
    Json rejected = Json::array();
    for (const auto& route : way.rejected) rejected.push_back({{"name", route.name}, {"reason", route.reason}});
    out["rejectedRoutes"] = std::move(rejected);
    if (way.route)
      out["route"] = {{"name", way.route->name}, {"match", way.route->match}, {"reason", way.route->reason}};
  }
  if (!way.cluster.empty()) {
    Json hosts = Json::array();
    for (const auto& host : way.hosts) {
      hosts.push_back({{"address", host.address}, {"healthy", host.healthy}, {"tls", host.tls}});
    }
    out["cluster"] = {{"name", way.cluster}, {"endpoints", std::move(hosts)}};
  }
  Json origins = Json::array();
  for (const auto& [what, origin] : leg.origins) {
    origins.push_back({{"of", what},
                       {"object", origin.object},
                       {"file", origin.file},
                       {"line", origin.line},
                       {"column", origin.column}});
  }
  out["origins"] = std::move(origins);
  return out;
}

}  // namespace

std::string journey_text(const mesh::Journey& journey) {
  Text text;
  const auto& to = journey.destination;
  text.line("{}://{}:{}{}", to.scheme, to.host, to.port, to.scheme == "tcp" ? "" : to.path);
  text.line("  service    {}", to.service ? to.service->hostname : "none of the mesh");
  text.line("  address    {}{}", to.address.to_string(), to.invented ? ", which stands for whatever DNS gives" : "");
  text.leg(journey.out);
  if (journey.hop) text.hop(*journey.hop);
  if (journey.in) {
    text.line("  caller is  {}", journey.hop->tls != Hop::Tls::mutual ? "not known" : journey.principal);
    text.line("  mTLS mode  {}", journey.mtls_mode);
    text.leg(*journey.in);
  }
  text.line("=> {}", journey.outcome);
  return text.take();
}

Json journey_json(const mesh::Journey& journey) {
  const auto& to = journey.destination;
  Json out{{"arrives", journey.arrives},
           {"outcome", journey.outcome},
           {"principal", journey.principal},
           {"destination",
            {{"scheme", to.scheme},
             {"host", to.host},
             {"port", to.port},
             {"service", to.service ? to.service->hostname : ""},
             {"address", to.address.to_string()},
             {"addressKnown", !to.invented}}},
           {"from", leg_json(journey.out)}};
  if (journey.hop) {
    out["connection"] = {{"endpoint", journey.hop->endpoint},
                         {"tls", kTls[static_cast<std::size_t>(journey.hop->tls)]},
                         {"serverName", journey.hop->sni},
                         {"protocols", journey.hop->alpn},
                         {"serverIdentities", journey.hop->names}};
  }
  if (journey.in) {
    out["mtlsMode"] = journey.mtls_mode;
    out["to"] = leg_json(*journey.in);
  }
  return out;
}

}  // namespace proa::cli
