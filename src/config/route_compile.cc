#include "config/route_compile.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/access_log_compile.h"
#include "config/filter_compile.h"
#include "config/forward_compile.h"
#include "config/matcher_compile.h"
#include "config/rate_limit_compile.h"
#include "config/supported.h"
#include "config/typed_payload.h"
#include "config/values.h"
#include "envoy/extensions/path/match/uri_template/v3/uri_template_match.pb.h"
#include "route/request_stats.h"

namespace proa::config {

namespace core = envoy::config::core::v3;
namespace rv3 = envoy::config::route::v3;
using observe::FormatTarget;
using observe::Formatter;

namespace {

route::AppendAction append_action(const core::HeaderValueOption& from) {
  if (from.has_append()) {  // deprecated, before append_action
    return from.append().value() ? route::AppendAction::kAppendIfExistsOrAdd
                                 : route::AppendAction::kOverwriteIfExistsOrAdd;
  }
  switch (from.append_action()) {
    case core::HeaderValueOption::ADD_IF_ABSENT: return route::AppendAction::kAddIfAbsent;
    case core::HeaderValueOption::OVERWRITE_IF_EXISTS_OR_ADD: return route::AppendAction::kOverwriteIfExistsOrAdd;
    case core::HeaderValueOption::OVERWRITE_IF_EXISTS: return route::AppendAction::kOverwriteIfExists;
    default: return route::AppendAction::kAppendIfExistsOrAdd;
  }
}

void compile_path(const rv3::RouteMatch& from, route::RouteMatch& to, const Site& at) {
  switch (from.path_specifier_case()) {
    case rv3::RouteMatch::kPrefix: to.path = route::PathPrefix{from.prefix()}; break;
    case rv3::RouteMatch::kPath: to.path = route::PathExact{from.path()}; break;
    case rv3::RouteMatch::kSafeRegex:
      if (auto compiled = regex(from.safe_regex(), at / "safe_regex")) to.path = route::PathRegex{std::move(*compiled)};
      break;
    case rv3::RouteMatch::kPathSeparatedPrefix: to.path = route::PathSegments{from.path_separated_prefix()}; break;
    case rv3::RouteMatch::kConnectMatcher: to.path = route::AnyConnect{}; break;
    case rv3::RouteMatch::kPathMatchPolicy: {
      const Site where = at / "path_match_policy.typed_config";
      Result<Payload> payload = open_any(from.path_match_policy().typed_config());
      const auto* config =
          payload ? dynamic_cast<const envoy::extensions::path::match::uri_template::v3::UriTemplateMatchConfig*>(
                        payload->message.get())
                  : nullptr;
      if (!config) break;
      auto compiled = route::UriTemplate::compile(config->path_template());
      compiled ? void(to.path = route::PathTemplate{std::move(*compiled)})
               : (where / "path_template").error(compiled.error().message);
      break;
    }
    default: break;
  }
}

void compile_conditions(const rv3::RouteMatch& from, route::Conditions& to, const Site& at) {
  to.grpc = from.has_grpc();
  if (from.has_runtime_fraction()) to.fraction = fraction(from.runtime_fraction());
  to.headers = header_matchers(from.headers(), at / "headers");
  const Site query = at / "query_parameters";
  for (int i = 0; i < from.query_parameters_size(); ++i) {
    const auto& parameter = from.query_parameters(i);
    const Site item = query[static_cast<size_t>(i)];
    route::QueryParameterMatch match;
    match.name = parameter.name();
    if (parameter.has_string_match()) match.value = string_matcher(parameter.string_match(), item / "string_match");
    if (parameter.has_present_match()) match.present = parameter.present_match();
    to.query.push_back(std::move(match));
  }
  const Site cookies = at / "cookies";
  for (int i = 0; i < from.cookies_size(); ++i) {
    const Site item = cookies[static_cast<size_t>(i)];
    if (auto value = string_matcher(from.cookies(i).string_match(), item / "string_match")) {
      to.cookies.push_back({from.cookies(i).name(), std::move(*value), from.cookies(i).invert_match()});
    }
  }
  if (from.has_tls_context()) {
    route::TlsMatch tls;
    if (from.tls_context().has_presented()) tls.presented = from.tls_context().presented().value();
    if (from.tls_context().has_validated()) tls.validated = from.tls_context().validated().value();
    to.tls = tls;
  }
  const Site metadata = at / "dynamic_metadata";
  for (int i = 0; i < from.dynamic_metadata_size(); ++i) {
    const Site item = metadata[static_cast<size_t>(i)];
    auto matcher = metadata_matcher(from.dynamic_metadata(i), observe::MetadataSource::kDynamic, item);
    if (matcher) to.metadata.push_back(std::move(*matcher));
  }
  const Site state = at / "filter_state";
  for (int i = 0; i < from.filter_state_size(); ++i) {
    const Site item = state[static_cast<size_t>(i)];
    if (auto matcher = filter_state_matcher(from.filter_state(i), item)) to.metadata.push_back(std::move(*matcher));
  }
}

}  // namespace

route::RouteMatch compile_route_match(const rv3::RouteMatch& from, const Site& at) {
  route::RouteMatch to;
  compile_path(from, to, at);
  if (from.has_case_sensitive()) to.case_sensitive = from.case_sensitive().value();
  compile_conditions(from, to.conditions, at);
  return to;
}

namespace {

uint16_t redirect_code(rv3::RedirectAction::RedirectResponseCode from) {
  switch (from) {
    case rv3::RedirectAction::FOUND: return 302;
    case rv3::RedirectAction::SEE_OTHER: return 303;
    case rv3::RedirectAction::TEMPORARY_REDIRECT: return 307;
    case rv3::RedirectAction::PERMANENT_REDIRECT: return 308;
    default: return 301;
  }
}

route::Redirect compile_redirect(const rv3::RedirectAction& from, const Site& at) {
  route::Redirect to;
  to.scheme = from.https_redirect() ? "https" : from.scheme_redirect();
  to.host = from.host_redirect();
  to.port = from.port_redirect();
  switch (from.path_rewrite_specifier_case()) {
    case rv3::RedirectAction::kPathRedirect: to.path = route::Redirect::Path{from.path_redirect()}; break;
    case rv3::RedirectAction::kPrefixRewrite: to.path = route::Redirect::Prefix{from.prefix_rewrite()}; break;
    case rv3::RedirectAction::kRegexRewrite:
      if (auto rewrite = regex_rewrite(from.regex_rewrite(), at / "regex_rewrite")) to.path = std::move(*rewrite);
      break;
    default: break;
  }
  to.strip_query = from.strip_query();
  to.code = redirect_code(from.response_code());
  return to;
}

route::DirectResponse compile_direct(const rv3::DirectResponseAction& from, uint32_t max_body, const Site& at) {
  route::DirectResponse to;
  to.status = static_cast<uint16_t>(from.status());
  if (from.has_body_format()) {
    proxy::BodyFormat format = compile_body_format(from.body_format(), at / "body_format");
    to.body = format.text;
    to.json = format.json;
    to.content_type = format.content_type;
    to.empty = false;
  } else if (from.has_body()) {
    const Site body = at / "body";
    if (auto text = data(from.body(), body)) {
      if (text->size() > max_body) {
        body.error(fmt::format("is {} bytes long, the limit is {}", text->size(), max_body),
                   "raise max_direct_response_body_size_bytes of the route configuration");
      }
      to.empty = text->empty();
      to.body = Formatter::literal(std::move(*text));
    }
  }
  return to;
}

route::RouteSpec compile_route(const rv3::Route& from, const std::string& host, uint32_t max_body, const Site& at,
                               Compiler& compiler) {
  route::RouteSpec to;
  to.name = from.name();
  to.match = compile_route_match(from.match(), at / "match");
  if (from.has_route()) {
    to.action = compile_forward(from.route(), to.match, at / "route", compiler);
  } else if (from.has_redirect()) {
    to.action = compile_redirect(from.redirect(), at / "redirect");
  } else if (from.has_direct_response()) {
    to.action = compile_direct(from.direct_response(), max_body, at / "direct_response");
  } else {
    to.action = route::NonForwarding{};
  }
  compile_message_ops(from, to.headers, at);
  to.per_filter = compile_per_filter(from.typed_per_filter_config(), at / "typed_per_filter_config", compiler);
  to.metadata = metadata(from.metadata());
  if (from.has_decorator()) {
    to.decorator = route::Decorator{from.decorator().operation(),
                                    !from.decorator().has_propagate() || from.decorator().propagate().value()};
  }
  if (!from.stat_prefix().empty()) {
    to.stats = compiler.shared.stats(route::kRouteSchema, route::route_stat_name(host, from.stat_prefix()));
  }
  if (from.has_per_request_buffer_limit_bytes()) {
    to.request_body_buffer_limit = from.per_request_buffer_limit_bytes().value();
  }
  return to;
}

void compile_virtual_clusters(const rv3::VirtualHost& from, route::VirtualHostSpec& to, const Site& at,
                              Compiler& compiler) {
  auto stats = [&](const std::string& name) {
    return compiler.shared.stats(route::kVirtualClusterSchema, route::virtual_cluster_stat_name(from.name(), name));
  };
  for (int i = 0; i < from.virtual_clusters_size(); ++i) {
    const rv3::VirtualCluster& cluster = from.virtual_clusters(i);
    const Site item = at[static_cast<size_t>(i)];
    const Site headers = item / "headers";
    if (cluster.headers().empty()) headers.error("is empty: a virtual cluster is told by headers");
    to.virtual_clusters.push_back({cluster.name(), header_matchers(cluster.headers(), headers), stats(cluster.name())});
  }
  if (!to.virtual_clusters.empty()) to.virtual_clusters.push_back({{}, {}, stats("other")});  // takes the rest
}

route::VirtualHostSpec compile_host(const rv3::VirtualHost& from, uint32_t max_body, const Site& at,
                                    Compiler& compiler) {
  route::VirtualHostSpec to;
  to.name = from.name();
  to.domains.assign(from.domains().begin(), from.domains().end());
  const Site routes = at / "routes";
  for (int i = 0; i < from.routes_size(); ++i) {
    const Site item = routes[static_cast<size_t>(i)];
    to.routes.push_back(compile_route(from.routes(i), from.name(), max_body, item, compiler));
  }
  if (from.require_tls() == rv3::VirtualHost::ALL) to.require_tls = route::TlsRequirement::kAll;
  if (from.require_tls() == rv3::VirtualHost::EXTERNAL_ONLY) to.require_tls = route::TlsRequirement::kExternalOnly;
  compile_message_ops(from, to.headers, at);
  to.per_filter = compile_per_filter(from.typed_per_filter_config(), at / "typed_per_filter_config", compiler);
  if (from.has_retry_policy()) to.retry = compile_retry(from.retry_policy(), at / "retry_policy");
  if (from.has_hedge_policy()) to.hedge = compile_hedge(from.hedge_policy());
  to.rate_limits = compile_rate_limits(from.rate_limits(), at / "rate_limits");
  to.mirrors = compile_mirrors(from.request_mirror_policies(), at / "request_mirror_policies", compiler);
  compile_virtual_clusters(from, to, at / "virtual_clusters", compiler);
  if (from.has_per_request_buffer_limit_bytes()) {
    to.request_body_buffer_limit = from.per_request_buffer_limit_bytes().value();
  }
  to.include_request_attempt_count = from.include_request_attempt_count();
  to.include_attempt_count_in_response = from.include_attempt_count_in_response();
  to.include_is_timeout_retry_header = from.include_is_timeout_retry_header();
  to.metadata = metadata(from.metadata());
  return to;
}

}  // namespace

void compile_header_additions(const google::protobuf::RepeatedPtrField<core::HeaderValueOption>& from,
                              route::HeaderOps& to, const Site& at) {
  for (int i = 0; i < from.size(); ++i) {
    const core::HeaderValueOption& option = from[i];
    const Site item = at[static_cast<size_t>(i)];
    std::string value = option.header().value();
    if (value.empty()) value = option.header().raw_value();
    Status added = to.add(option.header().key(), value, append_action(option), option.keep_empty_value());
    if (!added) item.error(added.error().message);
  }
}

void compile_header_removals(const google::protobuf::RepeatedPtrField<std::string>& from, route::HeaderOps& to,
                             const Site& at) {
  for (int i = 0; i < from.size(); ++i) {
    const Site item = at[static_cast<size_t>(i)];
    if (Status removed = to.remove(from[i]); !removed) item.error(removed.error().message);
  }
}

std::shared_ptr<const route::RouteTable> compile_routes(const rv3::RouteConfiguration& from, const Site& at,
                                                        Compiler& compiler) {
  route::RouteTableSpec to;
  to.name = from.name();
  compiler.validate_clusters =
      !compiler.clusters_may_come && (!from.has_validate_clusters() || from.validate_clusters().value());
  const uint32_t max_body =
      from.has_max_direct_response_body_size_bytes() ? from.max_direct_response_body_size_bytes().value() : 4096;
  const Site hosts = at / "virtual_hosts";
  for (int i = 0; i < from.virtual_hosts_size(); ++i) {
    const Site item = hosts[static_cast<size_t>(i)];
    to.virtual_hosts.push_back(compile_host(from.virtual_hosts(i), max_body, item, compiler));
  }
  compile_message_ops(from, to.headers, at);
  to.per_filter = compile_per_filter(from.typed_per_filter_config(), at / "typed_per_filter_config", compiler);
  to.mirrors = compile_mirrors(from.request_mirror_policies(), at / "request_mirror_policies", compiler);
  for (const auto& name : from.internal_only_headers()) to.internal_only_headers.push_back(http::to_lower(name));
  to.most_specific_header_mutations_wins = from.most_specific_header_mutations_wins();
  to.ignore_port_in_host_matching = from.ignore_port_in_host_matching();
  to.vhost_header = http::to_lower(from.vhost_header());
  to.ignore_path_parameters_in_path_matching = from.ignore_path_parameters_in_path_matching();
  to.metadata = metadata(from.metadata());
  auto table = route::RouteTable::make(std::move(to));
  if (table) return *table;
  at.error(table.error().message);
  return *route::RouteTable::make({});
}

std::vector<std::string> upgrades_of_routes(const route::RouteTable& table) {
  std::vector<std::string> types;
  for (const auto& host : table.virtual_hosts()) {
    for (const auto& route : host->routes) {
      const route::Forward* forward = route->forward();
      if (!forward) continue;
      for (const route::UpgradeOverride& upgrade : forward->upgrades) {
        if (upgrade.enabled) types.push_back(upgrade.type);
      }
    }
  }
  std::ranges::sort(types);
  types.erase(std::ranges::unique(types).begin(), types.end());
  return types;
}

void add_route_fields(SupportedTable& table) {
  add_forward_fields(table);
  add_rate_limit_fields(table);
  table.add(supported<rv3::RouteConfiguration>(
                {"name", "virtual_hosts", "internal_only_headers", "response_headers_to_add",
                 "response_headers_to_remove", "request_headers_to_add", "request_headers_to_remove",
                 "most_specific_header_mutations_wins", "max_direct_response_body_size_bytes",
                 "ignore_port_in_host_matching", "vhost_header", "ignore_path_parameters_in_path_matching",
                 "typed_per_filter_config", "metadata", "validate_clusters", "request_mirror_policies"})
                .security({"vhds", "cluster_specifier_plugins"}));
  table.add(supported<rv3::VirtualHost>(
                {"name", "domains", "routes", "require_tls", "virtual_clusters", "rate_limits",
                 "request_headers_to_add", "request_headers_to_remove", "response_headers_to_add",
                 "response_headers_to_remove", "typed_per_filter_config", "include_request_attempt_count",
                 "include_attempt_count_in_response", "retry_policy", "hedge_policy", "include_is_timeout_retry_header",
                 "per_request_buffer_limit_bytes", "metadata", "request_mirror_policies"})
                .security({"matcher", "cors", "retry_policy_typed_config"}));
  table.add(supported<rv3::VirtualCluster>({"headers", "name"}));
  table.add(supported<rv3::Route>({"name", "match", "route", "redirect", "direct_response", "non_forwarding_action",
                                   "metadata", "decorator", "typed_per_filter_config", "request_headers_to_add",
                                   "request_headers_to_remove", "response_headers_to_add", "response_headers_to_remove",
                                   "per_request_buffer_limit_bytes", "stat_prefix"})
                .security({"filter_action"}));
  table.add(supported<rv3::NonForwardingAction>({}));
  table.add(supported<rv3::Decorator>({"operation", "propagate"}));
  table.add(supported<rv3::RouteMatch>({"prefix", "path", "safe_regex", "path_separated_prefix", "path_match_policy",
                                        "connect_matcher", "case_sensitive", "runtime_fraction", "headers",
                                        "query_parameters", "grpc", "tls_context", "dynamic_metadata", "filter_state",
                                        "cookies"}));
  table.add(supported<rv3::RouteMatch::GrpcRouteMatchOptions>({}));
  table.add(supported<rv3::RouteMatch::ConnectMatcher>({}));
  table.add(supported<rv3::RouteMatch::TlsContextMatchOptions>({"presented", "validated"}));
  table.add(supported<rv3::QueryParameterMatcher>({"name", "string_match", "present_match"}));
  table.add(supported<rv3::CookieMatcher>({"name", "string_match", "invert_match"}));
  table.add(supported<envoy::extensions::path::match::uri_template::v3::UriTemplateMatchConfig>({"path_template"}));
  table.add(supported<rv3::RedirectAction>({"https_redirect", "scheme_redirect", "host_redirect", "port_redirect",
                                            "path_redirect", "prefix_rewrite", "regex_rewrite", "response_code",
                                            "strip_query"}));
  table.add(supported<rv3::DirectResponseAction>({"status", "body", "body_format"}));
  table.add(supported<core::HeaderValueOption>({"header", "append", "append_action", "keep_empty_value"}));
  table.add(supported<core::HeaderValue>({"key", "value", "raw_value"}));
}

}  // namespace proa::config
