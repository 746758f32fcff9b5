#include "proxy/explain.h"

#include <fmt/format.h>

#include <algorithm>

#include "http/uri.h"
#include "proxy/accept_request.h"
#include "proxy/rehearsal.h"
#include "route/redirect.h"
#include "route/rewrite.h"
#include "upstream/cluster.h"

namespace proa::proxy {
namespace {

std::string in_quotes(std::string_view text) { return fmt::format("\"{}\"", text); }

// ---- the listener ----

bool takes_any(const net::Address& listening, const net::Address& destination) {
  return listening.is_any() && listening.port() == destination.port() &&
         (listening.family() == destination.family() || listening.family() == net::Address::Family::kIpv6);
}

using Listener = std::shared_ptr<const ListenerConfig>;

/// As the kernel and use_original_dst choose: the very address before every address of the port, and before the listener
/// that connections are led to.
Listener listener_at(const InForce& proxy, const std::vector<Listener>& all, const net::Address& destination,
                     std::string& reason) {
  Listener any;
  net::Address any_address;
  for (const Listener& listener : all) {
    for (const net::Address& address : proxy.addresses_of(*listener)) {
      if (address == destination) {
        reason = fmt::format("it listens on {}", address.to_string());
        return listener;
      }
      if (!any && takes_any(address, destination)) {
        any = listener;
        any_address = address;
      }
    }
  }
  if (any) {
    reason = fmt::format("it listens on {}", any_address.to_string());
    return any;
  }
  for (const Listener& listener : all) {
    if (!listener->use_original_destination) continue;
    reason = fmt::format("connections are led to it, and no other listener is for {}", destination.to_string());
    return listener;
  }
  return nullptr;
}

Result<Listener> find_listener(const InForce& proxy, const Question& question, std::string& reason) {
  const auto all = proxy.listeners();
  if (!question.listener.empty()) {
    auto found = std::ranges::find(all, question.listener, [](const auto& listener) { return listener->name; });
    if (found == all.end()) return fail(fmt::format("there is no listener {}", in_quotes(question.listener)));
    reason = "asked for";
    return *found;
  }
  if (question.destination) {
    if (Listener found = listener_at(proxy, all, question.destination, reason)) return found;
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
net::ConnectionInfo connection_of(const InForce& proxy, const ListenerConfig& listener, const Question& question,
                                  std::vector<std::string>& steps) {
  net::ConnectionInfo info;
  const std::vector<net::Address> addresses = proxy.addresses_of(listener);
  info.local = question.destination ? question.destination : addresses.empty() ? net::Address() : addresses.front();
  info.remote = question.source ? question.source : net::Address::loopback(net::Address::Family::kIpv4, 0);
  info.direct_remote = info.remote;
  const bool tls = question.tls || !question.sni.empty() || !question.alpn.empty();
  const uint16_t port = info.local.port();
  if (listener.inspect_tls && !listener.no_tls_at.contains(port)) {
    info.transport_protocol = tls ? "tls" : "raw_buffer";
    info.sni = question.sni;
    info.alpn = question.alpn;
  } else if (tls) {
    steps.push_back("no tls_inspector looks: the filter chain is chosen without knowing SNI and ALPN");
  }
  if (listener.inspect_http && !listener.no_http_at.contains(port) && !tls && !question.tcp) {
    info.application_protocols = {question.http2 ? "h2c" : "http/1.1"};
  }
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

void describe_hosts(const std::optional<ExplainedCluster>& cluster, Explanation& to) {
  if (!cluster) {
    to.outcome += ", which does not exist";
    return;
  }
  to.forwarded = true;
  to.hosts = cluster->hosts;
  to.healthy_hosts = static_cast<size_t>(std::ranges::count_if(to.hosts, &ExplainedHost::healthy));
  if (cluster->spec->type == upstream::DiscoveryType::kOriginalDst) {
    to.outcome += ", to where the connection was going";
    return;
  }
  to.outcome += fmt::format(", of which {} of {} hosts are healthy", to.healthy_hosts, to.hosts.size());
}

void explain_tcp(const InForce& proxy, const TcpProxy& tcp, const Question& question, Explanation& to) {
  for (const TcpTarget& target : tcp.targets) to.weighted.emplace_back(target.cluster, target.weight);
  if (tcp.targets.size() == 1 || tcp.cluster_from_sni) to.weighted.clear();
  to.cluster = tcp.targets.front().cluster;
  if (tcp.cluster_from_sni) {
    to.cluster = question.sni;
  } else {
    uint64_t number = question.random % tcp.total_weight;
    for (const TcpTarget& target : tcp.targets) {
      to.cluster = target.cluster;
      if (number < target.weight) break;
      number -= target.weight;
    }
  }
  to.outcome = fmt::format("forwards the bytes to cluster {}", in_quotes(to.cluster));
  describe_hosts(proxy.cluster(to.cluster), to);
}

// ---- the request ----

std::string denied(const filters::Foreseen& foreseen, std::string_view by) {
  return fmt::format("{}: {}", by, foreseen.why);
}

/// Whether all network filters let the connection in.
bool foresee_network(const FilterChain& chain, observe::StreamInfo& info, Arena& arena, Explanation& to) {
  for (size_t i = 0; i < chain.filters.size(); ++i) {
    ExplainedFilter entry{.name = fmt::format("network filter {}", i), .reason = ""};
    entry.foreseen = chain.filters[i]->foresee(info, arena);
    if (!entry.foreseen) continue;
    to.network_filters.push_back(entry);
    if (entry.foreseen->what == filters::Foreseen::What::kDeny) {
      to.outcome = "closes the connection: " + denied(*entry.foreseen, entry.name);
      return false;
    }
  }
  return true;
}

/// The filters in their order, as far as the request comes; whether it passes.
bool foresee_filters(const ConnectionManager& manager, Rehearsal& exchange, const upstream::ClusterSpec* cluster,
                     Explanation& to) {
  const route::Route* route = exchange.route();
  bool passes = true;
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
    if (entry.enabled && passes) {
      entry.foreseen = filter->foresee(exchange, cluster);
      if (entry.foreseen && entry.foreseen->what == filters::Foreseen::What::kDeny) {
        passes = false;
        const auto& reply = exchange.reply();
        to.outcome = fmt::format("answers {}: {}", reply ? reply->status : 403, denied(*entry.foreseen, entry.name));
        if (reply) to.outcome += fmt::format(" ({})", reply->details);
      }
    }
    to.filters.push_back(std::move(entry));
  }
  return passes;
}

/// The outcome of a route that passes nothing on; empty: it forwards.
std::string answer_of(const route::Route& route, const http::RequestHead& request, Arena& arena) {
  if (const route::Redirect* redirect = route.redirect()) {
    return fmt::format("redirects with {} to {}", redirect->code, route::redirect_location(route, request, arena));
  }
  if (const route::DirectResponse* direct = route.direct_response()) {
    return fmt::format("answers {} itself", direct->status);
  }
  const route::Forward* forward = route.forward();
  if (!forward) return "answers 404: the route forwards nothing";
  if (!route::cluster_of(route, request).empty()) return "";
  return fmt::format("answers {}: header {} names no cluster", forward->cluster_not_found_code,
                     in_quotes(route.cluster_header));
}

void list_weighted(const route::Route& route, Explanation& to) {
  const route::Forward* forward = route.forward();
  if (!forward) return;
  if (const auto* weighted = std::get_if<route::ToWeighted>(&forward->target)) {
    for (const auto& cluster : weighted->clusters) {
      to.weighted.emplace_back(cluster.name.empty() ? "header " + cluster.header : cluster.name, cluster.weight);
    }
  }
}

void fill_head(const Question& question, std::string_view authority, http::RequestHead& head) {
  head.method = question.method;
  head.method_id = http::method_of(question.method);
  head.authority = authority;
  head.path = question.path;
  if (question.http2) head.version = http::Version::kHttp2;
  for (const auto& [name, value] : question.headers) head.headers.add(name, value);
}

void explain_http(InForce& proxy, const FilterChain& chain, const Question& question, observe::StreamInfo& info,
                  Arena& arena, Explanation& to) {
  const ConnectionManager& manager = *chain.http;
  http::RequestHead head(arena);
  const std::string authority = question.host.empty() ? info.downstream->local.to_string() : question.host;
  fill_head(question, authority, head);
  net::Address client;
  info.remote_address = &client;
  info.request = &head;
  const RouteSlot::Table routes = manager.routes->current();
  if (auto refused = accept_request(manager, *routes, head, info, client, arena, question.random, question.random)) {
    to.outcome = fmt::format("answers {}: {}", refused->status, refused->details);
    return;
  }
  const std::string_view host = http::canonical_authority(head.authority, {}, arena);
  to.host = host;
  to.path = head.path;
  const std::shared_ptr<const route::Runtime> runtime = proxy.runtime();
  const route::Explanation found =
      routes->explain({.request = head, .host = host, .info = info, .random = info.random, .runtime = runtime.get()});
  to.virtual_host = found.virtual_host;
  to.virtual_host_reason = found.virtual_host_reason;
  for (const auto& rejected : found.rejected) {
    to.rejected.push_back({rejected.index, rejected.name, rejected.match, rejected.reason});
  }
  std::optional<ExplainedCluster> cluster;
  if (found.route) {
    to.route = ExplainedRoute{found.route->index, found.route->name,
                              found.route->match ? route::describe(*found.route->match) : "", found.route_reason};
    if (found.route->metadata) to.route->metadata = found.route->metadata->root.dump();
    list_weighted(*found.route, to);
    if (found.route->forward()) to.cluster = route::cluster_of(*found.route, head);
    if (!to.cluster.empty()) cluster = proxy.cluster(to.cluster);
  }
  Rehearsal exchange(head, info, arena, proxy.loop(), found.route);
  if (!foresee_filters(manager, exchange, cluster ? cluster->spec : nullptr, to)) return;
  if (info.upstream_alpn) to.upstream_alpn = *info.upstream_alpn;
  if (!found.route) {
    to.outcome = found.virtual_host.empty() ? "answers 404: no virtual host matches" : "answers 404: no route matches";
    return;
  }
  to.outcome = answer_of(*found.route, head, arena);
  if (!to.outcome.empty()) return;
  to.outcome = fmt::format("forwards the request to cluster {}", in_quotes(to.cluster));
  describe_hosts(cluster, to);
  route::rewrite_request(head, *found.route, info, arena, !manager.router.suppress_envoy_headers);
  to.upstream_host = head.authority;
  to.upstream_path = head.path;
  for (const http::Header& header : head.headers.all()) to.upstream_headers.emplace_back(header.name, header.value);
}

/// What the handshake would leave.
std::shared_ptr<const net::TlsInfo> tls_of(const Question& question) {
  auto tls = std::make_shared<net::TlsInfo>();
  tls->sni = question.sni;
  if (!question.alpn.empty()) tls->alpn = question.alpn.front();
  if (!question.principal.empty()) {
    auto peer = std::make_shared<net::CertificateInfo>();
    peer->uri_sans = {question.principal};
    tls->peer = std::move(peer);
    tls->presented = tls->validated = true;
  }
  return tls;
}

}  // namespace

void explain_socket(const upstream::ClusterSpec& cluster, const observe::Metadata* host, ExplainedHost& to) {
  const upstream::TransportSocketMatch* match = upstream::matching_socket(cluster, host);
  to.tls = (match ? match->socket : cluster.socket).tls != nullptr;
  to.socket = match ? match->name : "";
}

Result<Explanation> explain(InForce& proxy, const Question& question) {
  Explanation to;
  auto listener = find_listener(proxy, question, to.listener_reason);
  if (!listener) return std::unexpected(listener.error());
  to.listener = (*listener)->name;
  net::ConnectionInfo connection = connection_of(proxy, **listener, question, to.chain_steps);
  std::shared_ptr<const FilterChain> chain = find_chain(**listener, connection, to);
  if (!chain) return to;
  if (chain->tls) {
    connection.sni = question.sni;
    connection.tls = tls_of(question);
  }
  Arena arena;
  observe::StreamInfo info;
  info.downstream = &connection;
  info.remote_address = &connection.remote;
  info.random = question.random;
  if (!foresee_network(*chain, info, arena, to)) return to;
  if (chain->http) {
    explain_http(proxy, *chain, question, info, arena, to);
  } else if (chain->tcp) {
    explain_tcp(proxy, *chain->tcp, question, to);
  } else if (chain->self_served) {
    to.outcome =
        chain->self_served->echo ? "sends the bytes back (echo)" : "sends a fixed answer and closes (direct_response)";
  }
  return to;
}

}  // namespace proa::proxy
