#include "config/rate_limit_compile.h"

#include "config/matcher_compile.h"
#include "config/supported.h"

namespace proa::config {

namespace rv3 = envoy::config::route::v3;
namespace limit = route::limit;
using Action = rv3::RateLimit::Action;
using observe::Formatter;

namespace {

Formatter format(const std::string& text, const Site& at) {
  auto compiled = Formatter::compile(text, observe::FormatTarget::kBody);
  if (compiled) return *compiled;
  at.error(compiled.error().message);
  return {};
}

std::string key_or(const std::string& key, std::string fallback) { return key.empty() ? fallback : key; }

std::optional<route::LimitAction> compile_action(const Action& from, const Site& at) {
  switch (from.action_specifier_case()) {
    case Action::kSourceCluster: return limit::SourceCluster{};
    case Action::kDestinationCluster: return limit::DestinationCluster{};
    case Action::kRemoteAddress: return limit::RemoteAddress{};
    case Action::kMaskedRemoteAddress: {
      limit::MaskedRemoteAddress to;
      const auto& masked = from.masked_remote_address();
      if (masked.has_v4_prefix_mask_len()) to.v4_bits = static_cast<uint8_t>(masked.v4_prefix_mask_len().value());
      if (masked.has_v6_prefix_mask_len()) to.v6_bits = static_cast<uint8_t>(masked.v6_prefix_mask_len().value());
      return to;
    }
    case Action::kRequestHeaders:
      return limit::RequestHeader{http::to_lower(from.request_headers().header_name()),
                                  from.request_headers().descriptor_key(), from.request_headers().skip_if_absent()};
    case Action::kQueryParameters:
      return limit::QueryParameter{from.query_parameters().query_parameter_name(),
                                   from.query_parameters().descriptor_key(), from.query_parameters().skip_if_absent()};
    case Action::kGenericKey: {
      limit::GenericKey to;
      to.key = key_or(from.generic_key().descriptor_key(), to.key);
      to.value = format(from.generic_key().descriptor_value(), at / "generic_key.descriptor_value");
      return to;
    }
    case Action::kHeaderValueMatch: {
      const auto& match = from.header_value_match();
      limit::HeaderValueMatch to;
      to.key = key_or(match.descriptor_key(), to.key);
      to.value = format(match.descriptor_value(), at / "header_value_match.descriptor_value");
      to.expect_match = !match.has_expect_match() || match.expect_match().value();
      to.headers = header_matchers(match.headers(), at / "header_value_match.headers");
      return to;
    }
    case Action::kQueryParameterValueMatch: {
      const auto& match = from.query_parameter_value_match();
      limit::QueryValueMatch to;
      to.key = key_or(match.descriptor_key(), to.key);
      to.value = format(match.descriptor_value(), at / "query_parameter_value_match.descriptor_value");
      to.expect_match = !match.has_expect_match() || match.expect_match().value();
      const Site list = at / "query_parameter_value_match.query_parameters";
      for (int i = 0; i < match.query_parameters_size(); ++i) {
        const auto& parameter = match.query_parameters(i);
        const Site item = list[static_cast<size_t>(i)];
        route::QueryParameterMatch one;
        one.name = parameter.name();
        if (parameter.has_string_match()) one.value = string_matcher(parameter.string_match(), item / "string_match");
        if (parameter.has_present_match()) one.present = parameter.present_match();
        to.parameters.push_back(std::move(one));
      }
      return to;
    }
    case Action::kMetadata: {
      limit::MetadataValue to;
      to.key = from.metadata().descriptor_key();
      to.source = from.metadata().source() == Action::MetaData::ROUTE_ENTRY ? observe::MetadataSource::kRoute
                                                                            : observe::MetadataSource::kDynamic;
      to.space = from.metadata().metadata_key().key();
      for (const auto& segment : from.metadata().metadata_key().path()) to.path.push_back(segment.key());
      to.default_value = from.metadata().default_value();
      to.skip_if_absent = from.metadata().skip_if_absent();
      return to;
    }
    default: return std::nullopt;
  }
}

}  // namespace

std::vector<route::RateLimit> compile_rate_limits(const google::protobuf::RepeatedPtrField<rv3::RateLimit>& from,
                                                  const Site& at) {
  std::vector<route::RateLimit> limits;
  for (int i = 0; i < from.size(); ++i) {
    const Site item = at[static_cast<size_t>(i)];
    route::RateLimit to;
    to.stage = from[i].stage().value();
    to.disable_key = from[i].disable_key();
    const Site actions = item / "actions";
    for (int a = 0; a < from[i].actions_size(); ++a) {
      const Site action = actions[static_cast<size_t>(a)];
      if (auto compiled = compile_action(from[i].actions(a), action)) to.actions.push_back(std::move(*compiled));
    }
    to.apply_on_stream_done = from[i].apply_on_stream_done();
    limits.push_back(std::move(to));
  }
  return limits;
}

void add_rate_limit_fields(SupportedTable& table) {
  table.add(supported<rv3::RateLimit>({"stage", "disable_key", "actions"})
                .security({"limit", "hits_addend", "apply_on_stream_done"}));
  table.add(supported<Action>({"source_cluster", "destination_cluster", "request_headers", "query_parameters",
                               "remote_address", "generic_key", "header_value_match", "metadata",
                               "masked_remote_address", "query_parameter_value_match"})
                .security({"dynamic_metadata", "extension"}));
  table.add(supported<Action::SourceCluster>({}));
  table.add(supported<Action::DestinationCluster>({}));
  table.add(supported<Action::RemoteAddress>({}));
  table.add(supported<Action::RequestHeaders>({"header_name", "descriptor_key", "skip_if_absent"}));
  table.add(supported<Action::QueryParameters>({"query_parameter_name", "descriptor_key", "skip_if_absent"}));
  table.add(supported<Action::MaskedRemoteAddress>({"v4_prefix_mask_len", "v6_prefix_mask_len"}));
  table.add(supported<Action::GenericKey>({"descriptor_key", "descriptor_value"}));
  table.add(supported<Action::HeaderValueMatch>({"descriptor_key", "descriptor_value", "expect_match", "headers"}));
  table.add(supported<Action::QueryParameterValueMatch>(
      {"descriptor_key", "descriptor_value", "expect_match", "query_parameters"}));
  table.add(
      supported<Action::MetaData>({"descriptor_key", "metadata_key", "default_value", "source", "skip_if_absent"}));
  table.add(supported<envoy::type::metadata::v3::MetadataKey>({"key", "path"}));
  table.add(supported<envoy::type::metadata::v3::MetadataKey::PathSegment>({"key"}));
}

}  // namespace proa::config
