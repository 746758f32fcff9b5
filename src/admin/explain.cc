#include "admin/explain.h"

#include <fmt/format.h>

#include <algorithm>

#include "admin/listener_addresses.h"
#include "http/uri.h"
#include "proxy/accept_request.h"
#include "route/redirect.h"
#include "upstream/lb/host_set.h"

namespace proa::admin {
namespace {

using proxy::FilterChain;
using proxy::ListenerConfig;

std::string in_quotes(std::string_view text) { return fmt::format("\"{}\"", text); }

// ---- the listener ----

bool takes(const net::Address& listening, const net::Address& destination) {
  return listening == destination ||
         (listening.is_any() && listening.port() == destination.port() &&
          (listening.family() == destination.family() || listening.family() == net::Address::Family::kIpv6));
}

Result<std::shared_ptr<const ListenerConfig>> find_listener(const proxy::Server& server, const Question& question,
                                                            std::string& reason) {
  const auto all = server.listeners();
  if (!question.listener.empty()) {
    auto found = std::ranges::find(all, question.listener, [](const auto& listener) { return listener->name; });
    if (found == all.end()) return fail(fmt::format("there is no listener {}", in_quotes(question.listener)));
    reason = "asked for";
    return *found;
  }
  if (question.destination) {
    for (const auto& listener : all) {
      for (const net::Address& address : addresses_of(server, *listener)) {
        if (!takes(address, question.destination)) continue;
        reason = fmt::format("it listens on {}", address.to_string());
        return listener;
      }
    }
  }
  if (all.size() == 1 && !question.destination) {
    reason = "the only one";
    return all.front();
  }
  std::string names;
  for (const auto& listener : all) names += (names.empty() ? "" : ", ") + listener->name;
  if (question.destination) {
    return fail(
        fmt::format("no listener listens on {}; name one with listener=: {}", question.destination.to_string(), names));
  }
  return fail(fmt::format("say which listener with listener= or destination=: {}", names));
}

// ---- the connection ----

/// As the listener's inspectors would have found it.
net::ConnectionInfo connection_of(const proxy::Server& server, const ListenerConfig& listener, const Question& question,
                                  std::vector<std::string>& steps) {
  net::ConnectionInfo info;
  const std::vector<net::Address> addresses = addresses_of(server, listener);
  info.local = question.destination ? question.destination : addresses.empty() ? net::Address() : addresses.front();
  info.remote = question.source ? question.source : net::Address::loopback(net::Address::Family::kIpv4, 0);
  info.direct_remote = info.remote;
  const bool tls = question.tls || !question.sni.empty() || !question.alpn.empty();
  if (listener.inspect_tls) {
    info.transport_protocol = tls ? "tls" : "raw_buffer";
    info.sni = question.sni;
    info.alpn = question.alpn;
  } else if (tls) {
    steps.push_back("the listener has no tls_inspector: it chooses the filter chain without knowing SNI and ALPN");
  }
  if (listener.inspect_http && !tls) info.application_protocols = {"http/1.1"};
  return info;
}

std::shared_ptr<const FilterChain> find_chain(const ListenerConfig& listener, const net::ConnectionInfo& info,
                                              Explanation& to) {
  const int index = listener.matcher.explain(info, to.chain_steps);
  std::shared_ptr<const FilterChain> chain =
      index >= 0 ? listener.chains[static_cast<size_t>(index)] : listener.default_chain;
  if (!chain) {
    to.outcome = "closes the connection: no filter chain matches";
    return nullptr;
  }
  if (index < 0) to.chain_steps.push_back("the default filter chain");
  to.has_chain = true;
  to.filter_chain = chain->name;
  to.tls = chain->tls != nullptr;
  return chain;
}

// ---- the cluster ----

void describe_hosts(Admin& admin, Explanation& to) {
  std::shared_ptr<upstream::Cluster> cluster = admin.started() ? admin.server().clusters().get(to.cluster) : nullptr;
  if (!cluster) {
    to.outcome += ", which does not exist";
    return;
  }
  for (const auto& priority : cluster->hosts()->priorities()) {
    for (const upstream::HostRef& host : priority.hosts) {
      ExplainedHost entry{.address = host->address_text(),
                          .health = upstream::health_flags_text(host->flags()),
                          .priority = host->priority(),
                          .weight = host->weight(),
                          .healthy = host->health() == upstream::Health::kHealthy};
      to.healthy_hosts += entry.healthy;
      to.hosts.push_back(std::move(entry));
    }
  }
  to.outcome += fmt::format(", of which {} of {} hosts are healthy", to.healthy_hosts, to.hosts.size());
}

void explain_tcp(Admin& admin, const proxy::TcpProxy& tcp, const Question& question, Explanation& to) {
  for (const proxy::TcpTarget& target : tcp.targets) to.weighted.emplace_back(target.cluster, target.weight);
  if (tcp.targets.size() == 1 || tcp.cluster_from_sni) to.weighted.clear();
  to.cluster = tcp.targets.front().cluster;
  if (tcp.cluster_from_sni) {
    to.cluster = question.sni;
  } else {
    uint64_t number = question.random % tcp.total_weight;
    for (const proxy::TcpTarget& target : tcp.targets) {
      to.cluster = target.cluster;
      if (number < target.weight) break;
      number -= target.weight;
    }
  }
  to.outcome = fmt::format("forwards the bytes to cluster {}", in_quotes(to.cluster));
  describe_hosts(admin, to);
}

// ---- the request ----

void list_filters(const proxy::ConnectionManager& manager, const route::Route* route, Explanation& to) {
  for (const auto& filter : manager.chain.filters()) {
    ExplainedFilter entry{.name = filter->name(),
                          .enabled = !filter->disabled_by_default(),
                          .reason = filter->disabled_by_default() ? "disabled unless a route enables it" : ""};
    const route::PerFilterConfig* config =
        route && !route->per_filter.empty() ? route->per_filter.find(filter->name()) : nullptr;
    if (config) {
      entry.enabled = !config->disabled;
      entry.reason = config->disabled ? "the route disables it" : "with the route's own configuration";
    }
    to.filters.push_back(std::move(entry));
  }
}

void describe_action(Admin& admin, const route::Route& route, const http::RequestHead& request, Arena& arena,
                     Explanation& to) {
  if (const route::Redirect* redirect = route.redirect()) {
    to.outcome =
        fmt::format("redirects with {} to {}", redirect->code, route::redirect_location(route, request, arena));
    return;
  }
  if (const route::DirectResponse* direct = route.direct_response()) {
    to.outcome = fmt::format("answers {} itself", direct->status);
    return;
  }
  const route::Forward* forward = route.forward();
  if (!forward) {
    to.outcome = "answers 404: the route forwards nothing";
    return;
  }
  if (const auto* weighted = std::get_if<route::ToWeighted>(&forward->target)) {
    for (const auto& cluster : weighted->clusters) {
      to.weighted.emplace_back(cluster.name.empty() ? "header " + cluster.header : cluster.name, cluster.weight);
    }
  }
  to.cluster = route::cluster_of(route, request);
  if (to.cluster.empty()) {
    to.outcome = fmt::format("answers {}: header {} names no cluster", forward->cluster_not_found_code,
                             in_quotes(route.cluster_header));
    return;
  }
  to.outcome = fmt::format("forwards the request to cluster {}", in_quotes(to.cluster));
  describe_hosts(admin, to);
}

void fill_head(const Question& question, std::string_view authority, http::RequestHead& head) {
  head.method = question.method;
  head.method_id = http::method_of(question.method);
  head.authority = authority;
  head.path = question.path;
  for (const auto& [name, value] : question.headers) head.headers.add(name, value);
}

void explain_http(Admin& admin, const proxy::ConnectionManager& manager, const Question& question,
                  const net::ConnectionInfo& connection, Explanation& to) {
  Arena arena;
  http::RequestHead head(arena);
  const std::string authority = question.host.empty() ? connection.local.to_string() : question.host;
  fill_head(question, authority, head);
  observe::StreamInfo info;
  net::Address client;
  info.downstream = &connection;
  info.remote_address = &client;
  info.request = &head;
  info.random = question.random;
  const proxy::RouteSlot::Table routes = manager.routes->current();
  if (auto refused =
          proxy::accept_request(manager, *routes, head, info, client, arena, question.random, question.random)) {
    to.outcome = fmt::format("answers {}: {}", refused->status, refused->details);
    return;
  }
  const std::string_view host = http::canonical_authority(head.authority, {}, arena);
  to.host = host;
  to.path = head.path;
  const std::shared_ptr<const route::Runtime> runtime = admin.runtime.in_force(admin.server());
  const route::Explanation found =
      routes->explain({.request = head, .host = host, .info = info, .random = info.random, .runtime = runtime.get()});
  to.virtual_host = found.virtual_host;
  to.virtual_host_reason = found.virtual_host_reason;
  for (const auto& rejected : found.rejected) {
    to.rejected.push_back({rejected.index, rejected.name, rejected.match, rejected.reason});
  }
  list_filters(manager, found.route, to);
  if (!found.route) {
    to.outcome = found.virtual_host.empty() ? "answers 404: no virtual host matches" : "answers 404: no route matches";
    return;
  }
  to.route = ExplainedRoute{found.route->index, found.route->name,
                            found.route->match ? route::describe(*found.route->match) : "", found.route_reason};
  describe_action(admin, *found.route, head, arena, to);
}

}  // namespace

Result<Explanation> explain(Admin& admin, const Question& question) {
  Explanation to;
  auto listener = find_listener(admin.server(), question, to.listener_reason);
  if (!listener) return std::unexpected(listener.error());
  to.listener = (*listener)->name;
  net::ConnectionInfo connection = connection_of(admin.server(), **listener, question, to.chain_steps);
  std::shared_ptr<const FilterChain> chain = find_chain(**listener, connection, to);
  if (!chain) return to;
  if (chain->tls) {
    auto tls = std::make_shared<net::TlsInfo>();
    tls->sni = question.sni;
    if (!question.alpn.empty()) tls->alpn = question.alpn.front();
    connection.sni = question.sni;
    connection.tls = std::move(tls);
  }
  if (chain->http) {
    explain_http(admin, *chain->http, question, connection, to);
  } else if (chain->tcp) {
    explain_tcp(admin, *chain->tcp, question, to);
  } else if (chain->self_served) {
    to.outcome =
        chain->self_served->echo ? "sends the bytes back (echo)" : "sends a fixed answer and closes (direct_response)";
  }
  return to;
}

}  // namespace proa::admin
