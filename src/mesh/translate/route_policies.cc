#include "mesh/translate/route_policies.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>

#include "envoy/extensions/filters/http/cors/v3/cors.pb.h"
#include "envoy/extensions/filters/http/fault/v3/fault.pb.h"
#include "envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.pb.h"
#include "envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config.pb.h"
#include "http/grpc_status.h"
#include "mesh/translate/packed.h"
#include "mesh/translate/route_match.h"

namespace proa::mesh {

namespace {

using envoy::config::core::v3::HeaderValueOption;
using envoy::config::route::v3::RetryPolicy;
using envoy::config::route::v3::Route;
using envoy::config::route::v3::RouteAction;
using envoy::config::route::v3::WeightedCluster;
using istio::networking::v1alpha3::CorsPolicy;
using istio::networking::v1alpha3::Headers;
using istio::networking::v1alpha3::HTTPFaultInjection;
using istio::networking::v1alpha3::HTTPRetry;
using ConsistentHash = istio::networking::v1alpha3::LoadBalancerSettings::ConsistentHashLB;

constexpr std::string_view kByStatus = "retriable-status-codes";

void avoid_previous_hosts(RetryPolicy& out) {
  static const auto kConfig = packed(envoy::extensions::retry::host::previous_hosts::v3::PreviousHostsPredicate());
  auto& predicate = *out.add_retry_host_predicate();
  predicate.set_name("envoy.retry_host_predicates.previous_hosts");
  *predicate.mutable_typed_config() = kConfig;
}

/// "5xx,503": conditions of Envoy's, and status codes.
void set_conditions(std::string_view text, RetryPolicy& out) {
  std::string conditions;
  const auto add = [&](std::string_view condition) {
    if (!conditions.empty()) conditions += ',';
    conditions += condition;
  };
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view part = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    std::uint32_t code = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), code);
    if (error == std::errc() && end == part.data() + part.size() && code >= 100 && code < 600) {
      out.add_retriable_status_codes(code);
    } else if (!part.empty()) {
      add(part);
    }
  }
  if (!out.retriable_status_codes().empty() && conditions.find(kByStatus) == std::string::npos) add(kByStatus);
  out.set_retry_on(std::move(conditions));
}

bool internal(std::string_view name) {
  return name.starts_with(':') ||
         (name.size() == 4 && std::ranges::equal(name, std::string_view("host"), {}, [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
          }));
}

/// In the order of their names; returns the value for the authority, which is no header to Envoy.
template <class Map, class To>
std::string add_values(const Map& values, HeaderValueOption::HeaderAppendAction action, To& out) {
  std::string authority;
  for (const auto& [name, value] : std::map<std::string, std::string>(values.begin(), values.end())) {
    if (name == ":authority" || (internal(name) && !name.starts_with(':'))) authority = value;
    if (internal(name)) continue;
    HeaderValueOption& option = *out.Add();
    option.mutable_header()->set_key(name);
    option.mutable_header()->set_value(value);
    option.set_append_action(action);
  }
  return authority;
}

template <class From, class To>
void add_names(const From& names, To& out) {
  for (const std::string& name : names) {
    if (!internal(name)) *out.Add() = name;
  }
}

}  // namespace

std::optional<RetryPolicy> retry_policy(const HTTPRetry* retry, bool hashed) {
  if (retry != nullptr && retry->attempts() <= 0) return std::nullopt;
  RetryPolicy out;
  out.set_retry_on("connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes");
  out.mutable_num_retries()->set_value(2);
  out.set_host_selection_retry_max_attempts(5);
  bool elsewhere = !hashed;
  if (retry != nullptr) {
    out.mutable_num_retries()->set_value(static_cast<std::uint32_t>(retry->attempts()));
    if (!retry->retry_on().empty()) set_conditions(retry->retry_on(), out);
    if (retry->has_per_try_timeout()) *out.mutable_per_try_timeout() = retry->per_try_timeout();
    if (retry->has_retry_ignore_previous_hosts()) elsewhere = retry->retry_ignore_previous_hosts().value();
    if (retry->retry_remote_localities().value()) {
      envoy::extensions::retry::priority::previous_priorities::v3::PreviousPrioritiesConfig config;
      config.set_update_frequency(2);
      out.mutable_retry_priority()->set_name("envoy.retry_priorities.previous_priorities");
      *out.mutable_retry_priority()->mutable_typed_config() = packed(config);
    }
    if (retry->has_backoff()) *out.mutable_retry_back_off()->mutable_base_interval() = retry->backoff();
  }
  if (elsewhere) avoid_previous_hosts(out);
  return out;
}

std::optional<RouteAction::HashPolicy> hash_policy(const ConsistentHash& hash) {
  RouteAction::HashPolicy out;
  switch (hash.hash_key_case()) {
    case ConsistentHash::kHttpHeaderName: out.mutable_header()->set_header_name(hash.http_header_name()); break;
    case ConsistentHash::kHttpCookie:
      out.mutable_cookie()->set_name(hash.http_cookie().name());
      out.mutable_cookie()->set_path(hash.http_cookie().path());
      if (hash.http_cookie().has_ttl()) *out.mutable_cookie()->mutable_ttl() = hash.http_cookie().ttl();
      break;
    case ConsistentHash::kUseSourceIp: out.mutable_connection_properties()->set_source_ip(hash.use_source_ip()); break;
    case ConsistentHash::kHttpQueryParameterName:
      out.mutable_query_parameter()->set_name(hash.http_query_parameter_name());
      break;
    default: return std::nullopt;
  }
  return out;
}

template <class To>
std::string add_header_operations(const Headers& headers, To& out) {
  auto& request = *out.mutable_request_headers_to_add();
  auto& response = *out.mutable_response_headers_to_add();
  std::string set = add_values(headers.request().set(), HeaderValueOption::OVERWRITE_IF_EXISTS_OR_ADD, request);
  std::string added = add_values(headers.request().add(), HeaderValueOption::APPEND_IF_EXISTS_OR_ADD, request);
  add_values(headers.response().set(), HeaderValueOption::OVERWRITE_IF_EXISTS_OR_ADD, response);
  add_values(headers.response().add(), HeaderValueOption::APPEND_IF_EXISTS_OR_ADD, response);
  add_names(headers.request().remove(), *out.mutable_request_headers_to_remove());
  add_names(headers.response().remove(), *out.mutable_response_headers_to_remove());
  return set.empty() ? added : set;
}
template std::string add_header_operations(const Headers&, Route&);
template std::string add_header_operations(const Headers&, WeightedCluster::ClusterWeight&);

envoy::type::v3::FractionalPercent fraction(const istio::networking::v1alpha3::Percent* percent) {
  envoy::type::v3::FractionalPercent out;
  if (percent == nullptr) {
    out.set_numerator(100);
    return out;
  }
  out.set_numerator(static_cast<std::uint32_t>(percent->value() * 10'000));
  out.set_denominator(envoy::type::v3::FractionalPercent::MILLION);
  return out;
}

google::protobuf::Any fault_config(const HTTPFaultInjection& fault) {
  envoy::extensions::filters::http::fault::v3::HTTPFault out;
  if (fault.has_delay() && fault.delay().has_fixed_delay()) {
    auto& delay = *out.mutable_delay();
    *delay.mutable_fixed_delay() = fault.delay().fixed_delay();
    if (fault.delay().has_percentage()) {
      *delay.mutable_percentage() = fraction(&fault.delay().percentage());
    } else {
      delay.mutable_percentage()->set_numerator(static_cast<std::uint32_t>(fault.delay().percent()));
    }
  }
  using Abort = HTTPFaultInjection::Abort;
  const Abort& from = fault.abort();
  if (from.error_type_case() == Abort::kHttpStatus || from.error_type_case() == Abort::kGrpcStatus) {
    auto& abort = *out.mutable_abort();
    if (from.has_percentage()) *abort.mutable_percentage() = fraction(&from.percentage());
    if (from.error_type_case() == Abort::kHttpStatus) {
      abort.set_http_status(static_cast<std::uint32_t>(from.http_status()));
    } else {
      const auto status = http::grpc_status_by_name(from.grpc_status());
      abort.set_grpc_status(static_cast<std::uint32_t>(status.value_or(http::GrpcStatus::kUnknown)));
    }
  }
  return packed(out);
}

google::protobuf::Any cors_config(const CorsPolicy& cors) {
  envoy::extensions::filters::http::cors::v3::CorsPolicy out;
  for (const auto& origin : cors.allow_origins()) *out.add_allow_origin_string_match() = string_matcher(origin);
  for (const std::string& origin : cors.allow_origin()) out.add_allow_origin_string_match()->set_exact(origin);
  out.set_allow_methods(fmt::format("{}", fmt::join(cors.allow_methods(), ",")));
  out.set_allow_headers(fmt::format("{}", fmt::join(cors.allow_headers(), ",")));
  out.set_expose_headers(fmt::format("{}", fmt::join(cors.expose_headers(), ",")));
  if (cors.has_max_age()) out.set_max_age(std::to_string(cors.max_age().seconds()));
  if (cors.has_allow_credentials()) out.mutable_allow_credentials()->set_value(cors.allow_credentials().value());
  out.mutable_filter_enabled()->mutable_default_value()->set_numerator(100);
  out.mutable_forward_not_matching_preflights()->set_value(cors.unmatched_preflights() != CorsPolicy::IGNORE);
  return packed(out);
}

}  // namespace proa::mesh
