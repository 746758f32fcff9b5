#include "mesh/translate/gateway_api_rules.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "mesh/translate/reference_grants.h"

namespace proa::mesh {

namespace {

using istio::networking::v1alpha3::Headers;
using istio::networking::v1alpha3::HTTPMatchRequest;
using istio::networking::v1alpha3::HTTPRedirect;
using istio::networking::v1alpha3::HTTPRoute;
using istio::networking::v1alpha3::StringMatch;

void set_duration(std::int64_t milliseconds, google::protobuf::Duration& out) {
  out.set_seconds(milliseconds / 1000);
  out.set_nanos(static_cast<std::int32_t>(milliseconds % 1000) * 1'000'000);
}

/// The host of a backend; empty: it may not be used, which answers 500.
std::string host_of(const World& world, std::string_view kind, const std::string& ns, const BackendRef& backend) {
  const std::string& there = backend.ns.empty() ? ns : backend.ns;
  if (backend.kind == "Hostname") return backend.name;  // of a ServiceEntry, in Istio's own group
  if ((!backend.kind.empty() && backend.kind != "Service") || !granted(world, kind, ns, backend)) return {};
  return full_host_name(backend.name, there, world.domain());
}

void change_headers(const HeaderChange& from, Headers::HeaderOperations& out) {
  for (const auto& each : from.set) (*out.mutable_set())[each.name] = each.value;
  for (const auto& each : from.add) (*out.mutable_add())[each.name] = each.value;
  for (const auto& name : from.remove) out.add_remove(name);
}

template <class To>
void set_headers(const RouteFilters& from, To& out) {
  if (from.request_headers) change_headers(*from.request_headers, *out.mutable_headers()->mutable_request());
  if (from.response_headers) change_headers(*from.response_headers, *out.mutable_headers()->mutable_response());
}

void set_redirect(const RequestRedirect& from, HTTPRedirect& out) {
  out.set_scheme(from.scheme);
  out.set_authority(from.hostname);
  out.set_redirect_code(from.status);
  if (from.path) out.set_uri(from.path->prefix ? "%PREFIX()%" + from.path->value : from.path->value);
  if (from.port != 0) {
    out.set_port(from.port);
  } else {
    out.set_derive_port(from.scheme.empty() ? HTTPRedirect::FROM_REQUEST_PORT : HTTPRedirect::FROM_PROTOCOL_DEFAULT);
  }
}

void set_rewrite(const UrlRewrite& from, istio::networking::v1alpha3::HTTPRewrite& out) {
  out.set_authority(from.hostname);
  if (!from.path) return;
  if (from.path->prefix) {
    out.set_uri(from.path->value.empty() ? "/" : from.path->value);
  } else {
    out.mutable_uri_regex_rewrite()->set_match("/.*");
    out.mutable_uri_regex_rewrite()->set_rewrite(from.path->value);
  }
}

void set_cors(const CorsFilter& from, istio::networking::v1alpha3::CorsPolicy& out) {
  for (const std::string& origin : from.allow_origins) {
    StringMatch& match = *out.add_allow_origins();
    const std::size_t star = origin.find('*');
    if (star == std::string::npos) {
      match.set_exact(origin);
    } else {
      match.set_regex(RE2::QuoteMeta(origin.substr(0, star)) + ".*" + RE2::QuoteMeta(origin.substr(star + 1)));
    }
  }
  for (const auto& each : from.allow_methods) out.add_allow_methods(each);
  for (const auto& each : from.allow_headers) out.add_allow_headers(each);
  for (const auto& each : from.expose_headers) out.add_expose_headers(each);
  out.mutable_allow_credentials()->set_value(from.allow_credentials);
  out.mutable_max_age()->set_seconds(from.max_age_seconds);
}

/// Rules of both kinds: what happens to requests that match.
class Rule {
 public:
  Rule(const World& world, std::string_view kind, const std::string& ns) : world_(world), kind_(kind), ns_(ns) {}

  void set_filters(const RouteFilters& from, HTTPRoute& out) const {
    set_headers(from, out);
    if (from.redirect) set_redirect(*from.redirect, *out.mutable_redirect());
    if (from.rewrite) set_rewrite(*from.rewrite, *out.mutable_rewrite());
    if (from.cors) set_cors(*from.cors, *out.mutable_cors_policy());
    for (const RequestMirror& mirror : from.mirrors) {
      const std::string host = host_of(world_, kind_, ns_, mirror.backend);
      if (host.empty()) continue;
      auto& to = *out.add_mirrors();
      set_destination(host, mirror.backend.port, *to.mutable_destination());
      to.mutable_percentage()->set_value(mirror.percent);
    }
  }

  /// Without a backend that has a weight requests are answered with 500.
  void set_backends(const std::vector<RouteBackend>& backends, HTTPRoute& out) const {
    if (out.has_redirect()) return;
    for (const RouteBackend& backend : backends) {
      if (backend.weight == 0) continue;
      auto& to = *out.add_route();
      to.set_weight(static_cast<std::int32_t>(backend.weight));
      set_destination(host_of(world_, kind_, ns_, backend), backend.port, *to.mutable_destination());
      set_headers(backend.filters, to);
    }
    if (!out.route().empty()) return;
    out.clear_rewrite();
    out.clear_mirrors();
    out.mutable_direct_response()->set_status(500);
  }

 private:
  static void set_destination(const std::string& host, std::uint32_t port,
                              istio::networking::v1alpha3::Destination& out) {
    out.set_host(host);
    if (port != 0) out.mutable_port()->set_number(port);
  }

  const World& world_;
  std::string_view kind_;
  const std::string& ns_;
};

void set_text(const NamedMatch& from, StringMatch& out) {
  from.type == MatchType::regex ? out.set_regex(from.value) : out.set_exact(from.value);
}

void set_path(MatchType type, const std::string& path, StringMatch& out) {
  if (type == MatchType::exact) out.set_exact(path);
  if (type == MatchType::prefix) out.set_prefix(path);
  if (type == MatchType::regex) out.set_regex(path);
}

void set_path(const GrpcMatch& from, HTTPMatchRequest& out) {
  const bool regex = from.type == MatchType::regex;
  if (from.service.empty() && from.method.empty()) return;
  StringMatch& uri = *out.mutable_uri();
  if (!regex && !from.service.empty() && !from.method.empty()) {
    uri.set_exact(fmt::format("/{}/{}", from.service, from.method));
  } else if (!regex && from.method.empty()) {
    uri.set_prefix(fmt::format("/{}/", from.service));
  } else {
    const std::string method = regex ? from.method : RE2::QuoteMeta(from.method);
    uri.set_regex(
        fmt::format("/{}/{}", from.service.empty() ? "[^/]+" : from.service, from.method.empty() ? "[^/]+" : method));
  }
}

void add(const Meta& meta, int place, std::uint32_t port, HTTPMatchRequest match, HTTPRoute route,
         std::vector<GatewayApiRule>& out) {
  const StringMatch& uri = match.uri();
  const bool everything = !match.has_uri();
  const std::string& path = uri.has_exact() ? uri.exact() : uri.has_regex() ? uri.regex() : uri.prefix();
  const int kind = uri.has_exact() ? 0 : uri.has_regex() ? 2 : 1;
  GatewayApiRule rule{.rank = {kind, everything ? 0 : -static_cast<int>(path.size()), match.has_method() ? 0 : 1,
                               -static_cast<int>(match.headers_size()), -static_cast<int>(match.query_params_size()),
                               meta.created, meta.ns + "/" + meta.name, place},
                      .route = std::move(route)};
  match.set_port(port);
  *rule.route.add_match() = std::move(match);
  rule.route.set_name(fmt::format("{}.{}.{}", meta.ns, meta.name, place));
  out.push_back(std::move(rule));
}

void set_times(const HttpRouteRule& from, HTTPRoute& out) {
  if (from.request_timeout_ms) set_duration(*from.request_timeout_ms, *out.mutable_timeout());
  if (from.retry) {
    auto& retry = *out.mutable_retries();
    retry.set_attempts(static_cast<std::int32_t>(from.retry->attempts.value_or(2)));
    std::string on = "connect-failure,refused-stream,unavailable,cancelled";
    for (const std::uint32_t code : from.retry->codes) on += fmt::format(",{}", code);
    retry.set_retry_on(std::move(on));
    if (from.retry->backoff_ms) set_duration(*from.retry->backoff_ms, *retry.mutable_backoff());
  }
  if (!from.backend_timeout_ms) return;
  // Of each attempt where there may be several.
  set_duration(*from.backend_timeout_ms,
               from.retry ? *out.mutable_retries()->mutable_per_try_timeout() : *out.mutable_timeout());
}

}  // namespace

void add_rules(const World& world, const HttpRoute& from, std::uint32_t port, std::vector<GatewayApiRule>& out) {
  const Rule translation(world, "HTTPRoute", from.meta.ns);
  int place = 0;
  for (const HttpRouteRule& rule : from.spec.rules) {
    HTTPRoute route;
    translation.set_filters(rule.filters, route);
    translation.set_backends(rule.backends, route);
    set_times(rule, route);
    for (const HttpMatch& match : rule.matches) {
      HTTPMatchRequest to;
      set_path(match.path_type, match.path, *to.mutable_uri());
      if (!match.method.empty()) to.mutable_method()->set_exact(match.method);
      for (const NamedMatch& each : match.headers) set_text(each, (*to.mutable_headers())[each.name]);
      for (const NamedMatch& each : match.query) set_text(each, (*to.mutable_query_params())[each.name]);
      add(from.meta, place++, port, std::move(to), route, out);
    }
  }
}

void add_rules(const World& world, const GrpcRoute& from, std::uint32_t port, std::vector<GatewayApiRule>& out) {
  const Rule translation(world, "GRPCRoute", from.meta.ns);
  int place = 0;
  for (const GrpcRouteRule& rule : from.spec.rules) {
    HTTPRoute route;
    translation.set_filters(rule.filters, route);
    translation.set_backends(rule.backends, route);
    if (rule.matches.empty()) add(from.meta, place++, port, {}, route, out);
    for (const GrpcMatch& match : rule.matches) {
      HTTPMatchRequest to;
      set_path(match, to);
      for (const NamedMatch& each : match.headers) set_text(each, (*to.mutable_headers())[each.name]);
      add(from.meta, place++, port, std::move(to), route, out);
    }
  }
}

}  // namespace proa::mesh
