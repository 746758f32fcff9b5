// RouteTable::make(): merges what tables, virtual hosts, routes and weighted clusters say into flat Routes.
#include "http/string_matcher.h"
#include "route/domains.h"
#include "route/path_index.h"
#include "route/route_table.h"

namespace proa::route {
namespace {

using observe::Metadata;

std::string place(const VirtualHostSpec& host, const RouteSpec& route, size_t index) {
  return "virtual host \"" + host.name + "\": route " + std::to_string(index) +
         (route.name.empty() ? "" : " \"" + route.name + "\"") + ": ";
}

Status check_path(const RouteMatch& match) {
  if (auto* segments = std::get_if<PathSegments>(&match.path)) {
    const std::string& prefix = segments->prefix;
    if (prefix.empty() || prefix.back() == '/' || prefix.find_first_of("?#") != std::string::npos) {
      return fail("path_separated_prefix \"" + prefix + "\" must not end with \"/\" nor hold \"?\" or \"#\"");
    }
  }
  if (auto* regex = std::get_if<PathRegex>(&match.path); regex && regex->regex.empty()) {
    return fail("safe_regex is empty");
  }
  return {};
}

std::shared_ptr<const Metadata> merged(const std::shared_ptr<const Metadata>& outer,
                                       const std::shared_ptr<const Metadata>& inner) {
  if (!outer || !inner) return inner ? inner : outer;
  auto result = std::make_shared<Metadata>(*outer);
  for (auto& [space, values] : inner->root.items()) {
    if (result->root[space].is_object() && values.is_object()) {
      result->root[space].update(values);
    } else {
      result->root[space] = values;
    }
  }
  return result;
}

// Builds the routes of one virtual host.
class Compiler {
 public:
  Compiler(const RouteTableSpec& table, VirtualHostSpec& host) : table_(table), host_(host) {}

  Result<std::unique_ptr<Route>> compile(RouteSpec& spec, uint32_t index, const VirtualHost& owner) {
    if (auto status = check_path(spec.match); !status) return std::unexpected(status.error());
    auto route = std::make_unique<Route>();
    route->name = std::move(spec.name);
    route->index = index;
    route->virtual_host = &owner;
    route->match = std::make_shared<RouteMatch>(std::move(spec.match));
    route->metadata = std::move(spec.metadata);
    route->decorator = std::move(spec.decorator);
    route->stats = std::move(spec.stats);
    route->request_body_buffer_limit =
        spec.request_body_buffer_limit ? spec.request_body_buffer_limit : host_.request_body_buffer_limit;
    route->per_filter = spec.per_filter;
    route->per_filter.inherit(host_.per_filter);
    route->per_filter.inherit(table_.per_filter);
    merge_headers(*route, nullptr, spec.headers);
    if (auto* forward = std::get_if<Forward>(&spec.action)) {
      if (auto status = set_forward(*route, std::move(*forward), spec.headers); !status) {
        return std::unexpected(status.error());
      }
    } else if (auto* redirect = std::get_if<Redirect>(&spec.action)) {
      route->action = std::make_shared<const Redirect>(std::move(*redirect));
    } else if (auto* direct = std::get_if<DirectResponse>(&spec.action)) {
      route->action = std::make_shared<const DirectResponse>(std::move(*direct));
    }
    return route;
  }

 private:
  void merge_headers(Route& route, const MessageOps* cluster, const MessageOps& own) const {
    const MessageOps* levels[] = {cluster, &own, &host_.headers, &table_.headers};
    if (table_.most_specific_header_mutations_wins) std::reverse(std::begin(levels), std::end(levels));
    route.request_headers = {};
    route.response_headers = {};
    for (const MessageOps* level : levels) {
      if (!level) continue;
      route.request_headers.append(level->request);
      route.response_headers.append(level->response);
    }
  }

  void inherit(Forward& forward) const {
    if (!forward.retry) forward.retry = host_.retry;
    if (!forward.hedge) forward.hedge = host_.hedge;
    if (forward.mirrors.empty()) forward.mirrors = host_.mirrors.empty() ? table_.mirrors : host_.mirrors;
    if (forward.rate_limits.empty() || forward.include_virtual_host_rate_limits) {
      forward.rate_limits.insert(forward.rate_limits.end(), host_.rate_limits.begin(), host_.rate_limits.end());
    }
  }

  Status set_forward(Route& route, Forward spec, const MessageOps& own_headers) const {
    if (std::holds_alternative<PathTemplateRewrite>(spec.path_rewrite) &&
        !std::holds_alternative<PathTemplate>(route.match->path)) {
      return fail("a URI template rewrite needs a URI template match");
    }
    inherit(spec);
    auto forward = std::make_shared<const Forward>(std::move(spec));
    route.action = forward;
    route.metadata_match = forward->metadata_match;
    if (auto* one = std::get_if<ToCluster>(&forward->target)) {
      if (one->name.empty()) return fail("cluster is empty");
      route.cluster = one->name;
      return {};
    }
    if (auto* header = std::get_if<ToHeader>(&forward->target)) {
      if (header->header.empty()) return fail("cluster_header is empty");
      route.cluster_header = http::to_lower(header->header);
      return {};
    }
    return set_choices(route, *forward, own_headers);
  }

  Status set_choices(Route& route, const Forward& forward, const MessageOps& own_headers) const {
    uint64_t sum = 0;
    for (const WeightedCluster& cluster : std::get<ToWeighted>(forward.target).clusters) {
      if (cluster.name.empty() == cluster.header.empty()) {
        return fail("a weighted cluster needs either a name or a cluster_header");
      }
      sum += cluster.weight;
      if (cluster.weight == 0) continue;
      auto choice = std::make_unique<Route>();
      choice->name = route.name;
      choice->index = route.index;
      choice->virtual_host = route.virtual_host;
      choice->match = route.match;
      choice->action = route.action;
      choice->cluster = cluster.name;
      choice->cluster_header = http::to_lower(cluster.header);
      choice->host_rewrite_literal = cluster.host_rewrite;
      choice->metadata_match = merged(forward.metadata_match, cluster.metadata_match);
      choice->per_filter = cluster.per_filter;
      choice->per_filter.inherit(route.per_filter);
      choice->metadata = route.metadata;
      choice->decorator = route.decorator;
      choice->stats = route.stats;
      choice->request_body_buffer_limit = route.request_body_buffer_limit;
      merge_headers(*choice, &cluster.headers, own_headers);
      route.choices.emplace_back(sum, std::move(choice));
    }
    if (sum == 0) return fail("the weights of its clusters add up to 0");
    if (sum > UINT32_MAX) return fail("the weights of its clusters add up to more than 4294967295");
    return {};
  }

  const RouteTableSpec& table_;
  VirtualHostSpec& host_;
};

std::unique_ptr<Route> tls_redirect(const VirtualHost& host) {
  auto route = std::make_unique<Route>();
  route->virtual_host = &host;
  route->match = std::make_shared<RouteMatch>();
  Redirect redirect;
  redirect.scheme = "https";
  route->action = std::make_shared<const Redirect>(std::move(redirect));
  return route;
}

Result<std::unique_ptr<VirtualHost>> compile_host(const RouteTableSpec& table, VirtualHostSpec& spec) {
  auto host = std::make_unique<VirtualHost>();
  host->name = spec.name;
  host->require_tls = spec.require_tls;
  host->virtual_clusters = std::move(spec.virtual_clusters);
  host->include_request_attempt_count = spec.include_request_attempt_count;
  host->include_attempt_count_in_response = spec.include_attempt_count_in_response;
  host->include_is_timeout_retry_header = spec.include_is_timeout_retry_header;
  host->metadata = spec.metadata;
  host->index = std::make_unique<PathIndex>();
  host->routes.reserve(spec.routes.size());
  Compiler compiler(table, spec);
  for (size_t i = 0; i < spec.routes.size(); ++i) {
    const std::string where = place(spec, spec.routes[i], i);
    auto route = compiler.compile(spec.routes[i], static_cast<uint32_t>(i), *host);
    if (!route) return fail(where + route.error().message);
    host->index->add(*(*route)->match);
    host->routes.push_back(std::move(*route));
  }
  host->index->compile();
  host->tls_redirect = tls_redirect(*host);
  return host;
}

}  // namespace

Result<std::shared_ptr<const RouteTable>> RouteTable::make(RouteTableSpec spec) {
  auto table = std::shared_ptr<RouteTable>(new RouteTable());
  table->name_ = spec.name;
  table->domains_ = std::make_unique<Domains>();
  table->ignore_port_ = spec.ignore_port_in_host_matching;
  table->ignore_path_parameters_ = spec.ignore_path_parameters_in_path_matching;
  table->vhost_header_ = http::to_lower(spec.vhost_header);
  table->metadata_ = spec.metadata;
  for (const std::string& name : spec.internal_only_headers) {
    table->internal_only_headers_.push_back(http::to_lower(name));
  }
  for (VirtualHostSpec& host : spec.virtual_hosts) {
    const auto number = static_cast<uint32_t>(table->virtual_hosts_.size());
    if (host.domains.empty()) return fail("virtual host \"" + host.name + "\" has no domains");
    for (const std::string& domain : host.domains) {
      if (auto status = table->domains_->add(domain, number); !status) {
        return fail("virtual host \"" + host.name + "\": " + status.error().message);
      }
    }
    auto compiled = compile_host(spec, host);
    if (!compiled) return std::unexpected(compiled.error());
    table->virtual_hosts_.push_back(std::move(*compiled));
  }
  return table;
}

}  // namespace proa::route
