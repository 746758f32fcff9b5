#include "mesh/translate/http_routes.h"

#include <fmt/format.h>

#include <algorithm>

#include "mesh/translate/endpoints.h"
#include "mesh/translate/names.h"
#include "mesh/translate/route_match.h"
#include "mesh/translate/route_policies.h"

namespace proa::mesh {

namespace {

using envoy::config::route::v3::RedirectAction;
using envoy::config::route::v3::Route;
using envoy::config::route::v3::RouteAction;
using istio::networking::v1alpha3::Destination;
using istio::networking::v1alpha3::HTTPMatchRequest;
using istio::networking::v1alpha3::HTTPRedirect;
using istio::networking::v1alpha3::HTTPRoute;
using istio::networking::v1alpha3::Percent;

/// Conditions that are known now.
bool applies(const RoutesFor& what, const HTTPMatchRequest& match, const std::string& ns) {
  if (match.port() != 0 && match.port() != what.port) return false;
  if (!match.gateways().empty()) {
    return std::ranges::any_of(match.gateways(),
                               [&](const std::string& each) { return full_gateway_name(each, ns) == what.gateway; });
  }
  const bool labelled = std::ranges::all_of(match.source_labels(), [&](const auto& label) {
    const auto found = what.node.labels.find(label.first);
    return found != what.node.labels.end() && found->second == label.second;
  });
  return labelled && (match.source_namespace().empty() || match.source_namespace() == what.node.ns);
}

struct Target {
  std::string host;
  std::uint32_t port = 0;
};

Target target_of(const RoutesFor& what, const Destination& destination, const std::string& ns) {
  Target out{.host = full_host_name(destination.host(), ns, what.world.domain())};
  const Service* service = what.scope.service(out.host);
  if (service != nullptr && service->resolution == Resolution::alias) out.host = service->alias_of;
  out.port = destination.port().number();
  const bool only_one = what.gateway != "mesh" && service != nullptr && service->ports.size() == 1;
  if (out.port == 0) out.port = only_one ? service->ports.front().number : what.port;
  return out;
}

/// How the balancer of the destination hashes, if it does.
std::optional<RouteAction::HashPolicy> hash_of(const RoutesFor& what, const Destination& destination,
                                               const std::string& ns) {
  const Target target = target_of(what, destination, ns);
  const Service* service = what.scope.service(target.host);
  const auto rule = service == nullptr ? nullptr : rule_for(what.world, what.node, *service);
  if (!rule) return std::nullopt;
  const istio::networking::v1alpha3::Subset* subset = nullptr;
  for (const auto& each : rule->spec.subsets()) {
    if (each.name() == destination.subset()) subset = &each;
  }
  const ServicePort port{.number = target.port};
  istio::networking::v1alpha3::TrafficPolicy scratch;
  policy_of({what.world, what.node, *service, port, rule.get(), subset}, scratch);
  return hash_policy(scratch.load_balancer().consistent_hash());
}

void set_redirect(const RoutesFor& what, const HTTPRedirect& from, bool gateway_api, Route& out) {
  constexpr std::string_view kPrefix = "%PREFIX()%";
  RedirectAction& to = *out.mutable_redirect();
  to.set_host_redirect(from.authority());
  if (gateway_api && from.uri().starts_with(kPrefix)) {
    to.set_prefix_rewrite(from.uri().substr(kPrefix.size()));
  } else {
    to.set_path_redirect(from.uri());
  }
  if (!from.scheme().empty()) to.set_scheme_redirect(from.scheme());
  std::uint32_t port = from.port();
  if (from.redirect_port_case() == HTTPRedirect::kDerivePort && from.derive_port() == HTTPRedirect::FROM_REQUEST_PORT) {
    port = what.port;
  }
  const std::string scheme = !from.scheme().empty() ? from.scheme() : what.tls ? "https" : "http";
  const bool usual = (port == 80 && scheme == "http") || (port == 443 && scheme == "https");
  if (port != 0 && !usual) to.set_port_redirect(port);
  switch (from.redirect_code()) {
    case 302: to.set_response_code(RedirectAction::FOUND); break;
    case 303: to.set_response_code(RedirectAction::SEE_OTHER); break;
    case 307: to.set_response_code(RedirectAction::TEMPORARY_REDIRECT); break;
    case 308: to.set_response_code(RedirectAction::PERMANENT_REDIRECT); break;
    default: to.set_response_code(RedirectAction::MOVED_PERMANENTLY); break;
  }
}

void set_direct_response(const istio::networking::v1alpha3::HTTPDirectResponse& from, Route& out) {
  auto& to = *out.mutable_direct_response();
  to.set_status(from.status());
  if (from.body().has_string()) to.mutable_body()->set_inline_string(from.body().string());
  if (from.body().has_bytes()) to.mutable_body()->set_inline_bytes(from.body().bytes());
}

void set_timeout(const HTTPRoute& from, RouteAction& to) {
  *to.mutable_timeout() = from.timeout();
  *to.mutable_max_grpc_timeout() = from.timeout();
}

std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

void set_rewrite(const HTTPRoute& from, bool gateway_api, const Route& route, RouteAction& to) {
  const auto& rewrite = from.rewrite();
  if (rewrite.has_uri_regex_rewrite()) {
    to.mutable_regex_rewrite()->mutable_pattern()->set_regex(rewrite.uri_regex_rewrite().match());
    to.mutable_regex_rewrite()->set_substitution(rewrite.uri_regex_rewrite().rewrite());
  } else if (gateway_api && rewrite.uri() == "/") {  // the prefix goes, but for its slash
    to.mutable_regex_rewrite()->mutable_pattern()->set_regex(
        fmt::format("^{}(/?)(.*)", quoted(route.match().path_separated_prefix())));
    to.mutable_regex_rewrite()->set_substitution("/\\2");
  } else if (!rewrite.uri().empty()) {
    to.set_prefix_rewrite(rewrite.uri());
  }
}

void add_mirror(const RoutesFor& what, const Destination& destination, const std::string& ns, const Percent* percent,
                RouteAction& to) {
  if (percent != nullptr && percent->value() <= 0) return;
  auto& mirror = *to.add_request_mirror_policies();
  mirror.set_cluster(destination_cluster(what, destination, ns));
  *mirror.mutable_runtime_fraction()->mutable_default_value() = fraction(percent);
  mirror.mutable_trace_sampled()->set_value(false);
  mirror.set_disable_shadow_host_suffix_append(true);
}

void add_mirrors(const RoutesFor& what, const HTTPRoute& from, const std::string& ns, RouteAction& to) {
  if (from.has_mirror()) {
    Percent percent = from.mirror_percentage();
    if (!from.has_mirror_percentage() && from.has_mirror_percent()) percent.set_value(from.mirror_percent().value());
    const bool given = from.has_mirror_percentage() || from.has_mirror_percent();
    add_mirror(what, from.mirror(), ns, given ? &percent : nullptr, to);
  }
  for (const auto& each : from.mirrors()) {
    add_mirror(what, each.destination(), ns, each.has_percentage() ? &each.percentage() : nullptr, to);
  }
}

/// Where the requests go; returns "host:port" where that is one place.
std::string set_destinations(const RoutesFor& what, const HTTPRoute& from, const std::string& ns, std::string authority,
                             Route& out, bool& hashed) {
  RouteAction& to = *out.mutable_route();
  if (from.route_size() == 1) {
    const auto& only = from.route(0);
    to.set_cluster(destination_cluster(what, only.destination(), ns));
    const std::string other = add_header_operations(only.headers(), out);
    if (authority.empty()) authority = other;
    if (!authority.empty()) to.set_host_rewrite_literal(authority);
    if (auto hash = hash_of(what, only.destination(), ns)) *to.add_hash_policy() = std::move(*hash), hashed = true;
    const Target target = target_of(what, only.destination(), ns);
    return fmt::format("{}:{}", target.host, target.port);
  }
  if (!authority.empty()) to.set_host_rewrite_literal(authority);
  for (const auto& each : from.route()) {
    if (each.weight() == 0) continue;
    auto& weighted = *to.mutable_weighted_clusters()->add_clusters();
    weighted.set_name(destination_cluster(what, each.destination(), ns));
    weighted.mutable_weight()->set_value(static_cast<std::uint32_t>(each.weight()));
    const std::string other = add_header_operations(each.headers(), weighted);
    if (!other.empty()) weighted.set_host_rewrite_literal(other);
    // Retries of weighted routes may go to other hosts, as Istio has it.
    if (auto hash = hash_of(what, each.destination(), ns)) *to.add_hash_policy() = std::move(*hash);
  }
  return {};
}

/// What the route is called in traces.
std::string operation(const Route& route, const std::string& place) {
  const auto& match = route.match();
  using Match = envoy::config::route::v3::RouteMatch;
  switch (match.path_specifier_case()) {
    case Match::kPrefix: return fmt::format("{}{}*", place, match.prefix());
    case Match::kPath: return place + match.path();
    case Match::kSafeRegex: return place + match.safe_regex().regex();
    default: return place + "/*";
  }
}

Route route_of(const RoutesFor& what, const VirtualService& service, const HTTPRoute& from,
               const HTTPMatchRequest* match) {
  const bool gateway_api = of_gateway_api(service);
  Route out;
  out.set_name(match == nullptr || match->name().empty() ? from.name() : from.name() + "." + match->name());
  *out.mutable_match() = route_match(match, gateway_api);
  *out.mutable_metadata() = config_metadata(service);
  if (match != nullptr) out.set_stat_prefix(match->stat_prefix());
  std::string authority = add_header_operations(from.headers(), out);
  std::string place = fmt::format("{}:{}", service.meta.name, what.port);
  if (from.has_redirect()) {
    set_redirect(what, from.redirect(), gateway_api, out);
  } else if (from.has_direct_response()) {
    set_direct_response(from.direct_response(), out);
  } else {
    RouteAction& to = *out.mutable_route();
    set_timeout(from, to);
    if (gateway_api) to.set_cluster_not_found_response_code(RouteAction::INTERNAL_SERVER_ERROR);
    set_rewrite(from, gateway_api, out, to);
    if (!from.rewrite().authority().empty()) authority = from.rewrite().authority();
    add_mirrors(what, from, service.meta.ns, to);
    bool hashed = false;
    const std::string only = set_destinations(what, from, service.meta.ns, std::move(authority), out, hashed);
    if (!only.empty()) place = only;
    const auto& mesh = what.world.mesh();
    const auto* retries = from.has_retries()                     ? &from.retries()
                          : mesh.has_default_http_retry_policy() ? &mesh.default_http_retry_policy()
                                                                 : nullptr;
    if (auto policy = retry_policy(retries, hashed)) *to.mutable_retry_policy() = std::move(*policy);
    if (to.cluster_specifier_case() == RouteAction::CLUSTER_SPECIFIER_NOT_SET) {  // no destination has a weight
      out.mutable_direct_response()->set_status(gateway_api ? 500 : 503);
    }
  }
  out.mutable_decorator()->set_operation(operation(out, place));
  auto& filters = *out.mutable_typed_per_filter_config();
  if (from.has_fault()) filters["envoy.filters.http.fault"] = fault_config(from.fault());
  if (from.has_cors_policy()) filters["envoy.filters.http.cors"] = cors_config(from.cors_policy());
  return out;
}

}  // namespace

bool of_gateway_api(const VirtualService& from) {
  const auto found = from.meta.annotations.find(kRouteSemantics);
  return found != from.meta.annotations.end() && found->second == "gateway";
}

template <class AnyDestination>
std::string destination_cluster(const RoutesFor& what, const AnyDestination& destination, const std::string& ns) {
  if (destination.host().empty()) return "UnknownService";  // of a Gateway API route whose backend is not there
  const Target target = target_of(what, destination, ns);
  return outbound_cluster(target.port, destination.subset(), target.host);
}
template std::string destination_cluster(const RoutesFor&, const Destination&, const std::string&);

envoy::config::core::v3::Metadata config_metadata(const VirtualService& from) {
  envoy::config::core::v3::Metadata out;
  (*(*out.mutable_filter_metadata())["istio"].mutable_fields())["config"].set_string_value(
      fmt::format("/apis/networking.istio.io/v1/namespaces/{}/virtual-service/{}", from.meta.ns, from.meta.name));
  return out;
}

std::vector<Route> http_routes(const RoutesFor& what, const VirtualService& from) {
  std::vector<Route> out;
  for (const HTTPRoute& http : from.spec.http()) {
    if (http.match().empty()) {
      out.push_back(route_of(what, from, http, nullptr));
      return out;
    }
    for (const HTTPMatchRequest& match : http.match()) {
      if (!applies(what, match, from.meta.ns)) continue;
      out.push_back(route_of(what, from, http, &match));
      if (takes_everything(out.back().match())) return out;
    }
  }
  return out;
}

Route default_route(const RoutesFor& what, const Service& service, const ServicePort& port) {
  Route out;
  out.set_name("default");
  out.mutable_match()->set_prefix("/");
  RouteAction& to = *out.mutable_route();
  to.set_cluster(outbound_cluster(port.number, "", service.hostname));
  set_timeout({}, to);
  Destination destination;
  destination.set_host(service.hostname);
  destination.mutable_port()->set_number(port.number);
  if (auto hash = hash_of(what, destination, service.ns)) *to.add_hash_policy() = std::move(*hash);
  const auto& mesh = what.world.mesh();
  const auto* retries = mesh.has_default_http_retry_policy() ? &mesh.default_http_retry_policy() : nullptr;
  if (auto policy = retry_policy(retries, false)) *to.mutable_retry_policy() = std::move(*policy);
  out.mutable_decorator()->set_operation(fmt::format("{}:{}/*", service.hostname, port.number));
  return out;
}

}  // namespace proa::mesh
