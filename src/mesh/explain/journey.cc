#include "mesh/explain/journey.h"

#include <fmt/format.h>

#include <algorithm>

#include "mesh/explain/compiled_proxy.h"
#include "mesh/explain/leg_origins.h"
#include "mesh/explain/upstream_hop.h"
#include "mesh/explain/workload_proxy.h"
#include "mesh/push/resource_type.h"
#include "mesh/translate/inbound_ports.h"
#include "mesh/translate/peer_authentication.h"
#include "mesh/translate/translate.h"

namespace proa::mesh {

namespace {

constexpr const char* kInbound = "virtualInbound";
// Of a range that is for documentation (RFC 5737): a caller that is not described is nowhere.
constexpr const char* kCallerAddress = "198.51.100.1";

/// A proxy of the World, ready to be asked.
struct Beside {
  std::string name;
  ProxyNode node;
  ResourceSet set;
  std::unique_ptr<CompiledProxy> compiled;
};

Result<std::unique_ptr<Beside>> beside(const World& world, const Workload& workload, bool gateway) {
  const auto message = node_of(world, workload, gateway);
  auto node = proxy_node(message);
  if (!node) return std::unexpected(node.error());
  auto out = std::make_unique<Beside>();
  out->name =
      fmt::format("{} {}/{} ({})", gateway ? "gateway" : "sidecar of", workload.ns, workload.name, workload.address);
  out->node = std::move(*node);
  out->set = translate(world, out->node);
  auto compiled = CompiledProxy::make(out->set, message);
  if (!compiled) return fail(fmt::format("{}: {}", out->name, compiled.error().message));
  out->compiled = std::move(*compiled);
  return out;
}

bool has_listener(const Beside& proxy, std::string_view name) {
  const auto found = proxy.set.types.find(std::string(kListenerType));
  return found != proxy.set.types.end() && found->second.contains(std::string(name));
}

std::string authority_of(const Destination& to) {
  const bool usual = (to.scheme == "https" && to.port == 443) || (to.scheme != "https" && to.port == 80);
  return usual ? to.host : fmt::format("{}:{}", to.host, to.port);
}

proxy::Question first_question(const JourneyQuestion& asked, const Destination& to) {
  proxy::Question out;
  out.destination = to.address;
  out.method = asked.method;
  out.host = authority_of(to);
  out.path = asked.path.empty() ? to.path : asked.path;
  out.random = asked.random;
  out.tcp = to.scheme == "tcp";
  out.http2 = to.scheme == "grpc";
  for (const auto& [name, value] : asked.headers) {
    if (name == "host") {
      out.host = value;
    } else {
      out.headers.emplace_back(name, value);
    }
  }
  if (to.scheme == "https") {
    out.tls = true;
    out.sni = to.host;
    out.alpn = {"h2", "http/1.1"};
  }
  return out;
}

/// Where clients outside come in: the port of the gateway's workload that serves the one they ask for.
net::Address at_gateway(const World& world, const Beside& gateway, const Workload& workload, std::uint16_t port) {
  std::uint16_t target = port;
  for (const InboundPort& each : inbound_ports(world, gateway.node)) {
    if (each.service_port == port) target = static_cast<std::uint16_t>(each.port);
  }
  auto address = net::Address::parse_ip(workload.address, target);
  return address ? *address : net::Address::any(net::Address::Family::kIpv4, target);
}

const proxy::ExplainedHost* chosen_host(const proxy::Explanation& way, const std::string& wanted) {
  const auto is = [&](const proxy::ExplainedHost& host) {
    return wanted.empty() ? host.healthy : host.address == wanted || host.address.starts_with(wanted + ":");
  };
  const auto found = std::ranges::find_if(way.hosts, is);
  return found == way.hosts.end() ? nullptr : &*found;
}

std::string without_port(const std::string& address) {
  auto parsed = net::Address::parse(address);
  return parsed ? parsed->ip() : address.substr(0, address.rfind(':'));
}

class Planner {
 public:
  Planner(const World& world, const JourneyQuestion& asked) : world_(world), asked_(asked) {}

  Result<Journey> made() {
    auto caller = asked_.labels.empty() ? workload_named(world_, asked_.from) : described();
    if (!caller) return fail(fmt::format("--from {}: {}", asked_.from, caller.error().message));
    auto to = destination_of(world_, asked_.to, (*caller)->ns);
    if (!to) return std::unexpected(to.error());
    out_.destination = std::move(*to);
    out_.principal = asked_.principal.empty() ? principal_of(world_, **caller) : asked_.principal;
    auto proxy = beside(world_, **caller, asked_.gateway);
    if (!proxy) return std::unexpected(proxy.error());
    if (Status left = leave(**proxy, **caller); !left) return std::unexpected(left.error());
    if (out_.out.way.forwarded) {
      if (Status arrived = arrive(**proxy, **caller); !arrived) return std::unexpected(arrived.error());
    }
    return std::move(out_);
  }

 private:
  /// A caller that no object describes, such as a client that serves nothing.
  Result<std::shared_ptr<const Workload>> described() const {
    const std::size_t slash = asked_.from.find('/');
    if (slash == 0 || slash == std::string::npos || slash + 1 == asked_.from.size()) {
      return fail(fmt::format("{} is not NAMESPACE/NAME", asked_.from));
    }
    Workload out{.name = asked_.from.substr(slash + 1), .ns = asked_.from.substr(0, slash)};
    out.address = kCallerAddress;
    out.labels = asked_.labels;
    out.service_account = out.name;
    return std::make_shared<const Workload>(std::move(out));
  }

  Status leave(const Beside& proxy, const Workload& caller) {
    proxy::Question question = first_question(asked_, out_.destination);
    if (asked_.gateway) {
      question.destination = at_gateway(world_, proxy, caller, out_.destination.port);
      out_.destination.address = question.destination;
      out_.destination.invented = false;
    } else if (auto source = net::Address::parse_ip(caller.address, 0)) {
      question.source = *source;
    }
    auto way = proxy::explain(*proxy.compiled, question);
    if (!way) return fail(fmt::format("{}: {}", proxy.name, way.error().message));
    out_.out = {.proxy = proxy.name, .way = std::move(*way)};
    out_.out.origins = leg_origins(world_, proxy.set, out_.out.way);
    out_.outcome = fmt::format("{} {}", proxy.name, out_.out.way.outcome);
    return {};
  }

  Status arrive(const Beside& from, const Workload& caller) {
    const proxy::Explanation& way = out_.out.way;
    const auto cluster = from.compiled->cluster(way.cluster);
    const bool anywhere = cluster && cluster->spec->type == upstream::DiscoveryType::kOriginalDst;
    if (anywhere) {
      out_.hop = Hop{.endpoint = out_.destination.address.to_string()};
      out_.arrives = true;
      out_.outcome = "passes on unchanged: no service of the mesh is known there";
      return {};
    }
    const proxy::ExplainedHost* host = chosen_host(way, asked_.endpoint);
    if (host == nullptr) {
      if (!asked_.endpoint.empty()) return fail(fmt::format("--endpoint {}: not of {}", asked_.endpoint, way.cluster));
      out_.outcome = fmt::format("{} answers 503: no host of {} is healthy", from.name, way.cluster);
      return {};
    }
    out_.hop = hop_to(from.set, way, *host);
    const auto workloads = world_.services().at(without_port(host->address));
    const bool meshed = !workloads.empty() && (workloads.front()->mutual_tls || out_.hop->tls == Hop::Tls::mutual);
    if (!meshed) {
      out_.arrives = true;
      out_.outcome = fmt::format("arrives at {}, which has no proxy of the mesh", host->address);
      return {};
    }
    return enter(*workloads.front(), caller, *host);
  }

  Status enter(const Workload& server, const Workload& caller, const proxy::ExplainedHost& host) {
    auto proxy = beside(world_, server, false);
    if (!proxy) return std::unexpected(proxy.error());
    auto address = net::Address::parse(host.address);
    if (!address) return std::unexpected(address.error());
    auto way = proxy::explain(*(*proxy)->compiled, second_question(**proxy, caller, *address));
    if (!way) return fail(fmt::format("{}: {}", (*proxy)->name, way.error().message));
    if (way->listener == kInbound) way->listener_reason = "connections that come in are led to it";
    out_.mtls_mode = mode_of((*proxy)->node, address->port());
    Leg leg{.proxy = (*proxy)->name, .way = std::move(*way)};
    leg.origins = leg_origins(world_, (*proxy)->set, leg.way);
    add_peer_authentication(world_, (*proxy)->node, leg);
    out_.arrives = leg.way.forwarded;
    out_.outcome = leg.way.forwarded ? fmt::format("arrives at {}/{}", server.ns, server.name)
                                     : fmt::format("{} {}", leg.proxy, leg.way.outcome);
    out_.in = std::move(leg);
    return {};
  }

  proxy::Question second_question(const Beside& proxy, const Workload& caller, const net::Address& address) const {
    const proxy::Explanation& way = out_.out.way;
    proxy::Question out = first_question(asked_, out_.destination);
    out.tls = out_.hop->tls != Hop::Tls::none;
    out.sni = out_.hop->sni;
    out.alpn = out_.hop->alpn;
    out.principal = out_.hop->tls == Hop::Tls::mutual ? out_.principal : "";
    if (out_.hop->tls == Hop::Tls::none && out_.destination.scheme == "https" && !asked_.gateway) {
      out.tls = true;  // the application's own goes through
      out.sni = out_.destination.host;
      out.alpn = {"h2", "http/1.1"};
    }
    out.destination = address;
    if (has_listener(proxy, kInbound)) out.listener = kInbound;
    if (auto source = net::Address::parse_ip(caller.address, 0)) out.source = *source;
    if (!way.upstream_host.empty()) {
      out.host = way.upstream_host;
      out.path = way.upstream_path;
      out.headers = way.upstream_headers;
    }
    return out;
  }

  std::string mode_of(const ProxyNode& node, std::uint32_t port) const {
    switch (peer_modes(world_, node).of(port)) {
      case MutualTls::strict: return "STRICT";
      case MutualTls::disable: return "DISABLE";
      case MutualTls::permissive: break;
    }
    return "PERMISSIVE";
  }

  const World& world_;
  const JourneyQuestion& asked_;
  Journey out_;
};

}  // namespace

Result<Journey> journey(const World& world, const JourneyQuestion& question) { return Planner(world, question).made(); }

}  // namespace proa::mesh
