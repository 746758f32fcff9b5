// RouteTable::explain(): the way of a request in words.
#include "http/uri.h"
#include "route/candidates.h"
#include "route/domains.h"

namespace proa::route {
namespace {

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string host_reason(const Domains::Found& found, std::string_view host) {
  using By = Domains::Found::By;
  switch (found.by) {
    case By::kExact: return "host " + in_quotes(host) + " is one of its domains";
    case By::kSuffix:
      return "host " + in_quotes(host) + " ends as domain \"*" + std::string(host.substr(host.size() - found.size)) +
             "\"";
    case By::kPrefix:
      return "host " + in_quotes(host) + " begins as domain \"" + std::string(host.substr(0, found.size)) + "*\"";
    case By::kAny: return "no other domain fits host " + in_quotes(host) + ", and it has domain \"*\"";
    case By::kNothing: break;
  }
  return "no virtual host has a domain for host " + in_quotes(host);
}

std::string path_reason(const RouteMatch& match, std::string_view path, bool connect) {
  if (std::holds_alternative<AnyConnect>(match.path)) return "the method is not CONNECT";
  if (path.empty()) return connect ? "a CONNECT request has no path" : "the request has no path";
  if (std::holds_alternative<PathPrefix>(match.path)) return "path " + in_quotes(path) + " does not begin with it";
  if (std::holds_alternative<PathSegments>(match.path)) {
    return "path " + in_quotes(path) + " does not begin with it at the end of a segment";
  }
  if (std::holds_alternative<PathExact>(match.path)) return "path " + in_quotes(path) + " is not equal to it";
  return "path " + in_quotes(path) + " does not match it as a whole";
}

std::string choice_reason(const Route& parent, const Route& choice, const MatchInput& input) {
  uint64_t sum = parent.choices.back().first, number = choice_number(parent, input) % sum, before = 0;
  for (const auto& [upto, route] : parent.choices) {
    if (route.get() == &choice) {
      return ", weighted cluster " + in_quotes(choice.cluster) + " because " + std::to_string(number) + " of " +
             std::to_string(sum) + " is in [" + std::to_string(before) + ", " + std::to_string(upto) + ")";
    }
    before = upto;
  }
  return "";
}

}  // namespace

Explanation RouteTable::explain(const MatchInput& input) const {
  Explanation result;
  std::string_view host_name = input.host;
  if (!vhost_header_.empty()) {
    const http::Header* header = input.request.headers.find(vhost_header_);
    host_name = header ? header->value : std::string_view();
  }
  if (ignore_port_) host_name = http::without_port(host_name);
  result.virtual_host_reason = host_reason(domains_->find(host_name), host_name);
  const VirtualHost* host = find_virtual_host(input);
  if (!host) return result;
  result.virtual_host = host->name;
  if (must_redirect_to_tls(*host, input)) {
    result.route = host->tls_redirect.get();
    result.route_reason = "the virtual host requires TLS and the request came by another scheme";
    return result;
  }
  const std::string_view path = path_to_match(input.request, ignore_path_parameters_);
  std::vector<bool> path_matched(host->routes.size());
  const Route* route = first_match(*host, input, path, [&](uint32_t i) { path_matched[i] = true; });
  const size_t end = route ? route->index : host->routes.size();
  for (size_t i = 0; i < end; ++i) {
    const Route& earlier = *host->routes[i];
    Explanation::Rejected rejected;
    rejected.index = static_cast<uint32_t>(i);
    rejected.name = earlier.name;
    rejected.match = describe(*earlier.match);
    rejected.path_matched = path_matched[i];
    rejected.reason = path_matched[i] ? earlier.match->conditions.why_not(input)
                                      : path_reason(*earlier.match, path, is_connect(input.request));
    result.rejected.push_back(std::move(rejected));
  }
  if (!route) {
    result.route_reason = "no route of the virtual host matches";
    return result;
  }
  result.route = &chosen(*route, input);
  result.route_reason = describe(*route->match) + " matches" +
                        (route->match->conditions.none() ? "" : " and all its conditions hold") +
                        (result.route == route ? "" : choice_reason(*route, *result.route, input));
  return result;
}

}  // namespace proa::route
