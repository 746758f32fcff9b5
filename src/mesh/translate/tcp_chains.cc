#include "mesh/translate/tcp_chains.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "mesh/translate/endpoints.h"
#include "mesh/translate/names.h"
#include "mesh/translate/tcp_filters.h"

namespace proa::mesh {

namespace {

using istio::networking::v1alpha3::Destination;
using istio::networking::v1alpha3::L4MatchAttributes;
using istio::networking::v1alpha3::TLSMatchAttributes;
using istio::networking::v1alpha3::TrafficPolicy;

/// "10.0.0.0/8", or one address.
void add_range(const std::string& text, FilterChain& out) {
  auto& range = *out.mutable_filter_chain_match()->add_prefix_ranges();
  const std::size_t slash = text.find('/');
  range.set_address_prefix(text.substr(0, slash));
  std::uint32_t bits = text.find(':') == std::string::npos ? 32 : 128;
  if (slash != std::string::npos) std::from_chars(text.data() + slash + 1, text.data() + text.size(), bits);
  range.mutable_prefix_len()->set_value(bits);
}

template <class Names>
void add_ranges(const Names& ranges, FilterChain& out) {
  for (const std::string& range : ranges) add_range(range, out);
}

/// What a policy says of connections as such, and of the tunnel that they go through.
void set_policy(const TrafficPolicy& policy, TcpProxy& out) {
  set_connection_policy(policy, out);
  if (!policy.has_tunnel()) return;
  const auto& tunnel = policy.tunnel();
  out.mutable_tunneling_config()->set_hostname(fmt::format("{}:{}", tunnel.target_host(), tunnel.target_port()));
  out.mutable_tunneling_config()->set_use_post(tunnel.protocol() == "POST");
}

void add_filters(const TcpProxy& proxy, Protocol protocol, const Reporting& reporting, FilterChain& out) {
  for (auto& filter : tcp_filters(proxy, protocol, reporting)) *out.add_filters() = std::move(filter);
}

class Chains {
 public:
  Chains(const ChainsFor& what, const std::vector<std::string>& ranges, bool own_address)
      : what_(what), ranges_(ranges), own_address_(own_address), node_(what.routes.node) {}

  std::vector<FilterChain> made() {
    const VirtualService* written = what_.routes.scope.route_for(what_.service.hostname);
    const bool tls = is_tls(what_.port.protocol);
    if (written != nullptr && tls) add_tls(*written);
    if (written != nullptr && !tls) add_tcp(*written);
    if (!everything_) add_default(tls);
    return std::move(out_);
  }

 private:
  template <class Match>
  bool applies(const Match& match, const std::string& ns) const {
    if (match.port() != 0 && match.port() != what_.port.number) return false;
    if (!match.source_namespace().empty() && match.source_namespace() != node_.ns) return false;
    const bool labelled = std::ranges::all_of(match.source_labels(), [&](const auto& label) {
      const auto found = node_.labels.find(label.first);
      return found != node_.labels.end() && found->second == label.second;
    });
    return labelled && (match.gateways().empty() || std::ranges::any_of(match.gateways(), [&](const auto& gateway) {
                          return full_gateway_name(gateway, ns) == what_.routes.gateway;
                        }));
  }

  void add_tls(const VirtualService& written) {
    std::set<std::string> handled;  // a later match that looks the same on the wire is never reached
    for (const auto& route : written.spec.tls()) {
      for (const TLSMatchAttributes& match : route.match()) {
        if (!applies(match, written.meta.ns)) continue;
        std::string wire;
        for (const auto& host : match.sni_hosts()) wire += host + ",";
        for (const auto& subnet : match.destination_subnets()) wire += "|" + subnet;
        if (!handled.insert(std::move(wire)).second) continue;
        FilterChain chain = routed(written, route.route());
        for (const auto& host : match.sni_hosts()) chain.mutable_filter_chain_match()->add_server_names(host);
        match.destination_subnets().empty() ? add_ranges(ranges_, chain)
                                            : add_ranges(match.destination_subnets(), chain);
        out_.push_back(std::move(chain));
        everything_ = true;
      }
    }
  }

  void add_tcp(const VirtualService& written) {
    for (const auto& route : written.spec.tcp()) {
      std::vector<std::string> subnets;
      bool anywhere = route.match().empty();
      for (const L4MatchAttributes& match : route.match()) {
        if (!applies(match, written.meta.ns)) continue;
        anywhere = anywhere || match.destination_subnets().empty();
        subnets.insert(subnets.end(), match.destination_subnets().begin(), match.destination_subnets().end());
      }
      if (!anywhere && subnets.empty()) continue;
      FilterChain chain = routed(written, route.route());
      add_ranges(anywhere ? ranges_ : subnets, chain);
      out_.push_back(std::move(chain));
      if (anywhere || subnets == ranges_) {
        everything_ = true;
        return;
      }
    }
  }

  void add_default(bool tls) {
    const std::string cluster = outbound_cluster(what_.port.number, "", what_.service.hostname);
    TcpProxy proxy;
    proxy.set_stat_prefix(cluster);
    proxy.set_cluster(cluster);
    set_policy_of(what_.service, what_.port, "", proxy);
    FilterChain chain = with(proxy);
    if (tls && !own_address_) chain.mutable_filter_chain_match()->add_server_names(what_.service.hostname);
    add_ranges(ranges_, chain);
    out_.push_back(std::move(chain));
  }

  FilterChain with(TcpProxy& proxy) const {
    add_logs(what_.reporting, proxy);
    FilterChain out;
    add_filters(proxy, what_.port.protocol, what_.reporting, out);
    out.mutable_transport_socket_connect_timeout()->set_seconds(15);
    return out;
  }

  template <class Destinations>
  FilterChain routed(const VirtualService& written, const Destinations& destinations) const {
    TcpProxy proxy;
    if (destinations.size() == 1) {
      const std::string cluster = cluster_of(destinations[0].destination(), written.meta.ns);
      proxy.set_stat_prefix(cluster);
      proxy.set_cluster(cluster);
      apply_policy(destinations[0].destination(), written.meta.ns, proxy);
    } else {
      proxy.set_stat_prefix(fmt::format("{}.{}", written.meta.name, written.meta.ns));
      for (const auto& each : destinations) {
        if (each.weight() <= 0) continue;
        auto& cluster = *proxy.mutable_weighted_clusters()->add_clusters();
        cluster.set_name(cluster_of(each.destination(), written.meta.ns));
        cluster.set_weight(static_cast<std::uint32_t>(each.weight()));
      }
      if (destinations.size() > 0) apply_policy(destinations[0].destination(), written.meta.ns, proxy);
    }
    if (proxy.cluster_specifier_case() == TcpProxy::CLUSTER_SPECIFIER_NOT_SET) {
      proxy.set_cluster(std::string(kBlackHole));
    }
    FilterChain out = with(proxy);
    *out.mutable_metadata() = config_metadata(written);
    return out;
  }

  std::string host_of(const Destination& destination, const std::string& ns) const {
    return full_host_name(destination.host(), ns, what_.routes.world.domain());
  }

  std::uint32_t port_of(const Destination& destination, const Service* service) const {
    if (destination.has_port()) return destination.port().number();
    return service != nullptr && service->ports.size() == 1 ? service->ports[0].number : what_.port.number;
  }

  std::string cluster_of(const Destination& destination, const std::string& ns) const {
    const std::string host = host_of(destination, ns);
    return outbound_cluster(port_of(destination, what_.routes.scope.service(host)), destination.subset(), host);
  }

  void apply_policy(const Destination& destination, const std::string& ns, TcpProxy& proxy) const {
    const Service* service = what_.routes.scope.service(host_of(destination, ns));
    if (service == nullptr) return;
    const ServicePort* port = service->port(port_of(destination, service));
    if (port != nullptr) set_policy_of(*service, *port, destination.subset(), proxy);
  }

  void set_policy_of(const Service& service, const ServicePort& port, const std::string& subset,
                     TcpProxy& proxy) const {
    const World& world = what_.routes.world;
    const auto rule = rule_for(world, node_, service);
    if (!rule) return;
    const istio::networking::v1alpha3::Subset* found = nullptr;
    for (const auto& each : rule->spec.subsets()) {
      if (each.name() == subset) found = &each;
    }
    TrafficPolicy policy;
    policy_of({world, node_, service, port, rule.get(), found}, policy);
    set_policy(policy, proxy);
  }

  const ChainsFor& what_;
  const std::vector<std::string>& ranges_;
  const bool own_address_;
  const ProxyNode& node_;
  std::vector<FilterChain> out_;
  bool everything_ = false;  ///< a route of the VirtualService stands for the default one
};

}  // namespace

std::vector<FilterChain> tcp_chains(const ChainsFor& what, const std::vector<std::string>& ranges, bool own_address) {
  return Chains(what, ranges, own_address).made();
}

FilterChain passthrough_chain(const std::string& cluster, const Reporting& reporting, bool logged) {
  TcpProxy proxy;
  proxy.set_stat_prefix(cluster);
  proxy.set_cluster(cluster);
  if (logged) add_logs(reporting, proxy);
  FilterChain out;
  add_filters(proxy, Protocol::tcp, reporting, out);
  return out;
}

}  // namespace proa::mesh
