#include "route/route_table.h"

#include <algorithm>

#include "base/number.h"
#include "http/uri.h"
#include "route/candidates.h"
#include "route/domains.h"

namespace proa::route {

VirtualHost::VirtualHost() = default;
VirtualHost::~VirtualHost() = default;
RouteTable::RouteTable() = default;
RouteTable::~RouteTable() = default;

std::string_view cluster_of(const Route& route, const http::RequestHead& request) {
  if (route.cluster_header.empty()) return route.cluster;
  // The header is not trusted: the first value only, never a list.
  const http::Header* header = request.headers.find(route.cluster_header);
  return header ? header->value : std::string_view(route.cluster);
}

const VirtualCluster* virtual_cluster_of(const VirtualHost& host, const http::RequestHead& request) {
  for (const VirtualCluster& cluster : host.virtual_clusters) {
    if (std::all_of(cluster.headers.begin(), cluster.headers.end(),
                    [&](const http::HeaderMatcher& header) { return header.matches(request); })) {
      return &cluster;
    }
  }
  return nullptr;
}

uint64_t choice_number(const Route& parent, const MatchInput& input) {
  const Forward* forward = parent.forward();
  const auto& weighted = std::get<ToWeighted>(forward->target);
  if (!weighted.random_header.empty()) {
    const http::HeaderList& headers = input.request.headers;
    const http::Header* header = headers.find(weighted.random_header);
    bool single = true;
    for (const http::Header& other : headers.all()) {
      if (&other != header && other.name == weighted.random_header) single = false;
    }
    if (header && single) {
      if (auto number = parse_decimal<uint64_t>(header->value)) return *number;
    }
  }
  if (weighted.use_hash_policy) {
    auto hash = request_hash(forward->hash_policies, input.request, input.info, input.request.headers.arena(), nullptr);
    if (hash) return *hash;
  }
  return input.random;
}

const Route& chosen(const Route& route, const MatchInput& input) {
  if (route.choices.empty()) return route;
  uint64_t number = choice_number(route, input) % route.choices.back().first;
  for (const auto& [upto, choice] : route.choices) {
    if (number < upto) return *choice;
  }
  return *route.choices.back().second;
}

bool must_redirect_to_tls(const VirtualHost& host, const MatchInput& input) {
  if (host.require_tls == TlsRequirement::kNone) return false;
  if (host.require_tls == TlsRequirement::kExternalOnly && input.info.internal_request) return false;
  std::string_view scheme = input.request.headers.value(http::HeaderId::kXForwardedProto);
  if (scheme.empty()) scheme = input.request.scheme;
  return scheme != "https";
}

const VirtualHost* RouteTable::find_virtual_host(const MatchInput& input) const {
  std::string_view host = input.host;
  if (!vhost_header_.empty()) {
    const http::Header* header = input.request.headers.find(vhost_header_);
    host = header ? header->value : std::string_view();
  }
  if (ignore_port_) host = http::without_port(host);
  uint32_t found = domains_->find(host).virtual_host;
  return found == Domains::kNone ? nullptr : virtual_hosts_[found].get();
}

const Route* RouteTable::match(const MatchInput& input) const {
  const VirtualHost* host = find_virtual_host(input);
  if (!host) return nullptr;
  if (must_redirect_to_tls(*host, input)) return host->tls_redirect.get();
  std::string_view path = path_to_match(input.request, ignore_path_parameters_);
  const Route* route = first_match(*host, input, path, [](uint32_t) {});
  return route ? &chosen(*route, input) : nullptr;
}

}  // namespace proa::route
