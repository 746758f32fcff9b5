#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "http/header_validity.h"
#include "mesh/model/checks.h"
#include "mesh/model/validate.h"
#include "mesh/source/names.h"
#include "net/address.h"

namespace proa::mesh {

namespace {

using config::shown;
using config::Site;
using namespace istio::networking::v1alpha3;
using VirtualServiceSpec = ::istio::networking::v1alpha3::VirtualService;

bool is_authority(std::string_view header) {
  return header == ":authority" ||
         (header.size() == 4 &&
          std::ranges::equal(header, std::string_view("host"), [](char a, char b) { return (a | 32) == b; }));
}

void check_matched_header(const std::string& name, const Site& at) {
  static const std::set<std::string, std::less<>> kPseudo = {":method", ":scheme", ":authority", ":path", ":status"};
  if (kPseudo.contains(name) || name.starts_with("@request.auth.claims")) return;
  if (!http::is_token(name)) at.error(fmt::format("{} is no name of a header", shown(name)));
}

/// `authority_allowed`: the request's :authority and host may be set and added to.
void check_changed_header(const std::string& name, bool authority_allowed, const Site& at) {
  if (name.empty()) return at.error("a header has an empty name");
  if (is_authority(name) && authority_allowed) return;
  if (is_authority(name) || name.starts_with(':')) at.error(fmt::format("{} cannot be changed here", shown(name)));
}

void check_header_value(const std::string& value, const Site& at) {
  const bool control = std::ranges::any_of(value, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7F;
  });
  if (control) at.error(fmt::format("is {}, but a header's value has no control characters", shown(value)));
}

void check_header_operations(const Headers::HeaderOperations& operations, bool request, const Site& at) {
  for (const auto& [field, map] : {std::pair("set", &operations.set()), std::pair("add", &operations.add())}) {
    const Site place = at / field;
    for (const auto& [name, value] : *map) {
      const Site entry = place.entry(name);
      check_changed_header(name, request, entry);
      check_header_value(value, entry);
    }
  }
  const Site remove = at / "remove";
  check_each(operations.remove(), remove,
             [&](const std::string& name, const Site& place) { check_changed_header(name, false, place); });
}

void check_headers(const Headers& headers, const Site& at) {
  check_header_operations(headers.request(), true, at / "request");
  check_header_operations(headers.response(), false, at / "response");
}

void check_match_text(const StringMatch& match, bool empty_prefix_allowed, const Site& at) {
  if (match.match_type_case() == StringMatch::kPrefix && match.prefix().empty() && !empty_prefix_allowed) {
    (at / "prefix").error("is empty", "leave the match out to match everything");
  }
  if (match.match_type_case() == StringMatch::kRegex) check_regex(match.regex(), at / "regex");
}

void check_http_match(const HTTPMatchRequest& match, const Site& at) {
  const Site headers = at / "headers";
  for (const auto& [name, text] : match.headers()) {
    const Site place = headers.entry(name);
    check_matched_header(name, place);
    check_match_text(text, false, place);
  }
  const Site without = at / "withoutHeaders";
  for (const auto& [name, text] : match.without_headers()) {
    const Site place = without.entry(name);
    check_matched_header(name, place);
    if (text.regex() != "*") check_match_text(text, false, place);  // Istio's own word for "is there"
  }
  check_match_text(match.uri(), true, at / "uri");
  check_match_text(match.scheme(), false, at / "scheme");
  check_match_text(match.method(), false, at / "method");
  check_match_text(match.authority(), false, at / "authority");
  const Site query = at / "queryParams";
  for (const auto& [name, text] : match.query_params()) check_match_text(text, false, query.entry(name));
  if (match.port() != 0) check_port(match.port(), at / "port");
  check_labels(match.source_labels(), at / "sourceLabels");
  check_gateway_names(match.gateways(), at / "gateways");
  if (!match.source_namespace().empty()) check_name(not_a_dns_label(match.source_namespace()), at / "sourceNamespace");
}

template <class Destinations>
void check_destinations(const Destinations& destinations, const Site& at) {
  std::int64_t total = 0;
  check_each(destinations, at, [&](const auto& each, const Site& place) {
    if (!each.has_destination()) {
      place.error("has no destination");
    } else {
      check_destination(each.destination(), place / "destination");
    }
    check_not_negative(each.weight(), place / "weight");
    total += each.weight();
    if constexpr (requires { each.headers(); }) check_headers(each.headers(), place / "headers");
  });
  if (destinations.size() > 1 && total == 0) {
    at.error("has no weight: nothing would get traffic", "give the destinations weights");
  }
}

void check_conflicts(const HTTPRoute& route, bool delegate, const Site& at) {
  if (route.has_delegate() && !delegate) {
    if (route.has_redirect()) (at / "redirect").error("is set beside delegate", "remove one of them");
    if (!route.route().empty()) (at / "route").error("is set beside delegate", "remove one of them");
    return;
  }
  if (route.has_delegate()) (at / "delegate").error("is set in a VirtualService that is a delegate itself");
  if (!route.has_redirect() && !route.has_direct_response() && route.route().empty()) {
    return at.error("has neither route, redirect, directResponse nor delegate", "say what becomes of its requests");
  }
  const std::string_view answer = route.has_redirect()          ? "redirect"
                                  : route.has_direct_response() ? "directResponse"
                                                                : "";
  if (!answer.empty()) {
    const auto beside = [&](bool there, std::string_view field) {
      if (there) (at / field).error(fmt::format("is set beside {}", answer), "remove one of them");
    };
    beside(!route.route().empty(), "route");
    beside(route.has_fault(), "fault");
    beside(route.has_rewrite(), "rewrite");
    beside(route.has_redirect() && route.has_direct_response(), "directResponse");
  }
  if (route.has_mirror() && !route.mirrors().empty()) (at / "mirrors").error("is set beside mirror", "keep mirrors");
}

void check_redirect(const HTTPRoute& route, const Site& at) {
  const HTTPRedirect& redirect = route.redirect();
  if (redirect.uri().empty() && redirect.authority().empty() && redirect.scheme().empty() &&
      redirect.redirect_port_case() == HTTPRedirect::REDIRECT_PORT_NOT_SET) {
    at.error("changes nothing", "set uri, authority, scheme or port");
  }
  const std::uint32_t code = redirect.redirect_code();
  if (code != 0 && code != 301 && code != 302 && code != 303 && code != 307 && code != 308) {
    (at / "redirectCode").error(fmt::format("is {}, which it cannot be", code), "write 301, 302, 303, 307 or 308");
  }
  if (!redirect.scheme().empty() && redirect.scheme() != "http" && redirect.scheme() != "https") {
    (at / "scheme").error(fmt::format("is {}, but must be http or https", shown(redirect.scheme())));
  }
  if (redirect.port() != 0) check_port(redirect.port(), at / "port");
}

void check_rewrite(const HTTPRewrite& rewrite, const Site& at) {
  if (!rewrite.uri().empty() && rewrite.has_uri_regex_rewrite()) {
    (at / "uriRegexRewrite").error("is set beside uri", "remove one of them");
  }
  if (rewrite.uri().empty() && !rewrite.has_uri_regex_rewrite() && rewrite.authority().empty()) {
    at.error("changes nothing", "set uri, uriRegexRewrite or authority");
  }
  if (!rewrite.has_uri_regex_rewrite()) return;
  const Site regex = at / "uriRegexRewrite";
  if (rewrite.uri_regex_rewrite().match().empty()) (regex / "match").error("is missing");
  if (rewrite.uri_regex_rewrite().rewrite().empty()) (regex / "rewrite").error("is missing");
  if (!rewrite.uri_regex_rewrite().match().empty()) check_regex(rewrite.uri_regex_rewrite().match(), regex / "match");
}

void check_fraction(const Percent& percent, const Site& at) {
  const double value = percent.value();
  if (value < 0 || value > 100 || (value > 0 && value < 0.0001)) {
    (at / "value").error(fmt::format("is {}, but must be 0 or from 0.0001 to 100", value));
  }
}

void check_fault(const HTTPFaultInjection& fault, const Site& at) {
  static const std::set<std::string, std::less<>> kGrpc = {
      "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
      "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
      "DATA_LOSS", "UNAUTHENTICATED"};
  using Abort = HTTPFaultInjection::Abort;
  using Delay = HTTPFaultInjection::Delay;
  if (!fault.has_abort() && !fault.has_delay()) at.error("has neither abort nor delay");
  if (fault.has_abort()) {
    const Site abort = at / "abort";
    check_fraction(fault.abort().percentage(), abort / "percentage");
    switch (fault.abort().error_type_case()) {
      case Abort::kHttpStatus: check_http_status(fault.abort().http_status(), abort / "httpStatus"); break;
      case Abort::kGrpcStatus:
        if (!kGrpc.contains(fault.abort().grpc_status())) {
          (abort / "grpcStatus")
              .error(fmt::format("is {}, which is no status of gRPC", shown(fault.abort().grpc_status())),
                     "write as \"NOT_FOUND\"");
        }
        break;
      case Abort::kHttp2Error: (abort / "http2Error").error("is not implemented", "use httpStatus"); break;
      default: abort.warning("says no status: nothing is aborted", "set httpStatus or grpcStatus"); break;
    }
  }
  if (fault.has_delay()) {
    const Site delay = at / "delay";
    check_fraction(fault.delay().percentage(), delay / "percentage");
    if (fault.delay().http_delay_type_case() == Delay::kFixedDelay) {
      check_duration(fault.delay().fixed_delay(), delay / "fixedDelay");
    } else if (fault.delay().http_delay_type_case() == Delay::kExponentialDelay) {
      (delay / "exponentialDelay").error("is not implemented", "use fixedDelay");
    }
  }
}

void check_cors(const CorsPolicy& cors, const Site& at) {
  static const std::set<std::string, std::less<>> kMethods = {"GET",     "HEAD",    "POST",  "PUT",   "DELETE",
                                                              "CONNECT", "OPTIONS", "TRACE", "PATCH", "*"};
  const Site origins = at / "allowOrigins";
  check_each(cors.allow_origins(), origins, [](const StringMatch& origin, const Site& place) {
    if (origin.exact().empty() && origin.prefix().empty() && origin.regex().empty()) place.error("matches nothing");
    if (!origin.regex().empty()) check_regex(origin.regex(), place / "regex");
  });
  const Site methods = at / "allowMethods";
  check_each(cors.allow_methods(), methods, [](const std::string& method, const Site& place) {
    if (!kMethods.contains(method)) place.error(fmt::format("is {}, which is no method", shown(method)));
  });
  const auto check_header = [](const std::string& name, const Site& place) {
    if (name != "*" && !http::is_token(name))
      place.error(fmt::format("is {}, which is no name of a header", shown(name)));
  };
  const Site allow = at / "allowHeaders";
  const Site expose = at / "exposeHeaders";
  check_each(cors.allow_headers(), allow, check_header);
  check_each(cors.expose_headers(), expose, check_header);
  if (!cors.has_max_age()) return;
  if (cors.max_age().nanos() != 0) return (at / "maxAge").error("is finer than a second");
  check_duration(cors.max_age(), at / "maxAge");
}

void check_direct_response(const HTTPDirectResponse& response, const Site& at) {
  check_http_status(response.status(), at / "status");
  const std::size_t size = std::max(response.body().string().size(), response.body().bytes().size());
  if (size > (1 << 20)) (at / "body").error(fmt::format("has {} bytes, more than a mebibyte", size));
}

void check_http_route(const HTTPRoute& route, bool delegate, const Site& at) {
  check_conflicts(route, delegate, at);
  const Site matches = at / "match";
  check_each(route.match(), matches, check_http_match);
  check_headers(route.headers(), at / "headers");
  if (route.has_cors_policy()) check_cors(route.cors_policy(), at / "corsPolicy");
  if (route.has_fault()) check_fault(route.fault(), at / "fault");
  if (route.has_mirror_percent()) {
    (at / "mirrorPercent").warning("is deprecated", "use mirrorPercentage");
    check_percent(route.mirror_percent().value(), at / "mirrorPercent");
  }
  if (route.has_mirror_percentage()) check_percent(route.mirror_percentage().value(), at / "mirrorPercentage.value");
  if (route.has_mirror()) check_destination(route.mirror(), at / "mirror");
  const Site mirrors = at / "mirrors";
  check_each(route.mirrors(), mirrors, [](const HTTPMirrorPolicy& mirror, const Site& place) {
    if (!mirror.has_destination()) return place.error("has no destination");
    check_destination(mirror.destination(), place / "destination");
    if (mirror.has_percentage()) check_percent(mirror.percentage().value(), place / "percentage.value");
  });
  if (route.has_redirect()) check_redirect(route, at / "redirect");
  if (route.has_direct_response()) check_direct_response(route.direct_response(), at / "directResponse");
  if (route.has_retries()) check_retry(route.retries(), at / "retries");
  if (route.has_rewrite()) check_rewrite(route.rewrite(), at / "rewrite");
  check_destinations(route.route(), at / "route");
  if (route.has_timeout() && (route.timeout().seconds() != 0 || route.timeout().nanos() != 0)) {
    check_duration(route.timeout(), at / "timeout");
  }
  int authorities = route.rewrite().authority().empty() ? 0 : 1;
  for (const auto* map : {&route.headers().request().set(), &route.headers().request().add()}) {
    for (const auto& [name, value] : *map) authorities += is_authority(name) ? 1 : 0;
  }
  if (authorities > 1) (at / "headers").error("sets the authority a second time", "set it once");
}

void check_l4_match(const auto& match, const Site& at) {
  check_each(match.destination_subnets(), at / "destinationSubnets", check_ip_or_range);
  if (match.port() != 0) check_port(match.port(), at / "port");
  check_labels(match.source_labels(), at / "sourceLabels");
  check_gateway_names(match.gateways(), at / "gateways");
}

/// Whether `pattern` ("*.example.com") covers all that `host` (a name, or a narrower pattern) does.
bool covers(std::string_view pattern, std::string_view host) {
  if (pattern == "*" || pattern == host) return true;
  return pattern.starts_with("*.") && host.ends_with(pattern.substr(1)) && host.size() > pattern.size() - 1;
}

void check_tls_route(const TLSRoute& route, const Texts& hosts, const Site& at) {
  if (route.match().empty()) at.error("has no match", "a TLS route matches at least sniHosts");
  const Site matches = at / "match";
  check_each(route.match(), matches, [&](const TLSMatchAttributes& match, const Site& place) {
    const Site names = place / "sniHosts";
    if (match.sni_hosts().empty()) names.error("is missing");
    check_each(match.sni_hosts(), names, [&](const std::string& name, const Site& one) {
      check_name(not_a_wildcard_domain(name), one);
      if (std::ranges::none_of(hosts, [&](const std::string& host) { return covers(host, name); })) {
        one.error(fmt::format("is {}, which none of the VirtualService's hosts covers", shown(name)),
                  "add it to hosts");
      }
    });
    check_l4_match(match, place);
  });
  if (route.route().empty()) at.error("has no route");
  check_destinations(route.route(), at / "route");
}

/// A rule behind one that matches everything never serves.
template <class Routes>
void check_reachable(const Routes& routes, const Site& at) {
  int catch_all = -1;
  check_each(routes, at, [&](const auto& route, const Site& place) {
    if (catch_all >= 0) {
      place.warning(fmt::format("is never used: rule {} before it has no match, so it takes everything", catch_all + 1),
                    "move the rule without match to the end");
    } else if (route.match().empty()) {
      for (catch_all = 0; &routes[catch_all] != &route;) ++catch_all;
    }
  });
}

void check_hosts(const VirtualServiceSpec& spec, const Site& at) {
  const bool mesh = spec.gateways().empty() ||
                    std::ranges::all_of(spec.gateways(), [](const std::string& name) { return name == "mesh"; });
  const Site hosts = at / "hosts";
  check_each(spec.hosts(), hosts, [&](const std::string& host, const Site& place) {
    if (host == "*" && mesh) {
      return place.error("is \"*\", but a VirtualService of the mesh needs a host", "name its hosts, or a gateway");
    }
    if (net::Address::parse_ip(host, 0)) return;
    check_name(not_a_wildcard_domain(host), place);
  });
  for (int i = 0; i < spec.hosts_size(); ++i) {
    for (int j = i + 1; j < spec.hosts_size(); ++j) {
      const std::string& a = spec.hosts(i);
      const std::string& b = spec.hosts(j);
      if (covers(a, b) || covers(b, a)) {
        hosts[static_cast<std::size_t>(j)].error(fmt::format("{} overlaps {}", shown(b), shown(a)), "keep one of them");
      }
    }
  }
}

}  // namespace

void validate(const VirtualServiceSpec& spec, const Site& at) {
  const bool delegate = spec.hosts().empty();
  if (delegate) {
    const auto refuse = [&](bool there, std::string_view field) {
      if (there) (at / field).error("is set, but without hosts this is a delegate, which has only http", "add hosts");
    };
    refuse(!spec.gateways().empty(), "gateways");
    refuse(!spec.tls().empty(), "tls");
    refuse(!spec.tcp().empty(), "tcp");
  }
  check_gateway_names(spec.gateways(), at / "gateways");
  check_hosts(spec, at);
  if (spec.http().empty() && spec.tls().empty() && spec.tcp().empty()) {
    at.error("has neither http, tls nor tcp", "write at least one route");
  }
  const Site http = at / "http";
  const Site tls = at / "tls";
  const Site tcp = at / "tcp";
  check_each(spec.http(), http,
             [&](const HTTPRoute& route, const Site& place) { check_http_route(route, delegate, place); });
  check_each(spec.tls(), tls,
             [&](const TLSRoute& route, const Site& place) { check_tls_route(route, spec.hosts(), place); });
  check_each(spec.tcp(), tcp, [&](const TCPRoute& route, const Site& place) {
    const Site matches = place / "match";
    check_each(route.match(), matches, [](const auto& match, const Site& one) { check_l4_match(match, one); });
    if (route.route().empty()) place.error("has no route");
    check_destinations(route.route(), place / "route");
  });
  check_reachable(spec.http(), http);
  check_reachable(spec.tcp(), tcp);
  check_export_to(spec.export_to(), at / "exportTo");
}

}  // namespace proa::mesh
