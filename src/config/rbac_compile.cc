#include "config/rbac_compile.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/matcher_compile.h"
#include "config/supported.h"
#include "config/typed_payload.h"
#include "config/values.h"
#include "envoy/extensions/path/match/uri_template/v3/uri_template_match.pb.h"

namespace proa::config {

namespace r3 = envoy::config::rbac::v3;
namespace rbac = route::rbac;

namespace {

// A rule that cannot be compiled is a problem and never a rule that matches: it becomes "not any".
rbac::Rule never() { return {rbac::Not{std::make_shared<const rbac::Rule>(rbac::Rule{rbac::Any{}})}}; }

template <class Proto, class Compile>
std::vector<rbac::Rule> compile_set(const google::protobuf::RepeatedPtrField<Proto>& from, const Site& at,
                                    Compile compile) {
  std::vector<rbac::Rule> rules;
  for (int i = 0; i < from.size(); ++i) {
    const Site item = at[static_cast<size_t>(i)];
    rules.push_back(compile(from[i], item));
  }
  return rules;
}

template <class Matcher, class Make>
rbac::Rule rule_if(std::optional<Matcher> matcher, Make make) {
  return matcher ? rbac::Rule{make(std::move(*matcher))} : never();
}

rbac::Rule source_ip(const envoy::config::core::v3::CidrRange& from, rbac::SourceOf of, const Site& at) {
  return rule_if(cidr(from, at), [of](net::CidrRange range) { return rbac::SourceIp{range, of}; });
}

rbac::Rule port_range(const envoy::type::v3::Int32Range& from, const Site& at) {
  if (from.start() >= 0 && from.start() < from.end() && from.end() <= 65536) {
    return {rbac::DestinationPort{static_cast<uint32_t>(from.start()), static_cast<uint32_t>(from.end()) - 1}};
  }
  at.error(fmt::format("from {} to below {} is no range of ports", from.start(), from.end()),
           "start is below end, end at most 65536");
  return never();
}

rbac::Rule metadata_rule(const envoy::type::matcher::v3::MetadataMatcher& from, observe::MetadataSource source,
                         const Site& at) {
  return rule_if(metadata_matcher(from, source, at),
                 [](auto matcher) { return rbac::MetadataRule{std::move(matcher)}; });
}

rbac::Rule uri_template(const envoy::config::core::v3::TypedExtensionConfig& from, const Site& at) {
  using envoy::extensions::path::match::uri_template::v3::UriTemplateMatchConfig;
  Result<Payload> payload = open_any(from.typed_config());
  const auto* config = payload ? dynamic_cast<const UriTemplateMatchConfig*>(payload->message.get()) : nullptr;
  if (!config) return never();
  auto compiled = route::UriTemplate::compile(config->path_template());
  if (compiled) return {rbac::PathTemplateRule{std::move(*compiled)}};
  at.error(compiled.error().message);
  return never();
}

rbac::Rule compile_permission(const r3::Permission& from, const Site& at) {
  switch (from.rule_case()) {
    case r3::Permission::kAndRules:
      return {rbac::AllOf{compile_set(from.and_rules().rules(), at / "and_rules.rules", compile_permission)}};
    case r3::Permission::kOrRules:
      return {rbac::AnyOf{compile_set(from.or_rules().rules(), at / "or_rules.rules", compile_permission)}};
    case r3::Permission::kAny: return {rbac::Any{}};
    case r3::Permission::kHeader:
      return rule_if(header_matcher(from.header(), at / "header"), [](auto m) { return rbac::Header{std::move(m)}; });
    case r3::Permission::kUrlPath:
      return rule_if(string_matcher(from.url_path().path(), at / "url_path.path"),
                     [](auto m) { return rbac::UrlPath{std::move(m)}; });
    case r3::Permission::kDestinationIp:
      return rule_if(cidr(from.destination_ip(), at / "destination_ip"),
                     [](net::CidrRange range) { return rbac::DestinationIp{range}; });
    case r3::Permission::kDestinationPort:
      return {rbac::DestinationPort{from.destination_port(), from.destination_port()}};
    case r3::Permission::kDestinationPortRange:
      return port_range(from.destination_port_range(), at / "destination_port_range");
    case r3::Permission::kMetadata:
      return metadata_rule(from.metadata(), observe::MetadataSource::kDynamic, at / "metadata");
    case r3::Permission::kSourcedMetadata:
      return metadata_rule(from.sourced_metadata().metadata_matcher(),
                           from.sourced_metadata().metadata_source() == r3::ROUTE ? observe::MetadataSource::kRoute
                                                                                  : observe::MetadataSource::kDynamic,
                           at / "sourced_metadata.metadata_matcher");
    case r3::Permission::kNotRule:
      return {rbac::Not{std::make_shared<const rbac::Rule>(compile_permission(from.not_rule(), at / "not_rule"))}};
    case r3::Permission::kRequestedServerName:
      return rule_if(string_matcher(from.requested_server_name(), at / "requested_server_name"),
                     [](auto m) { return rbac::ServerName{std::move(m)}; });
    case r3::Permission::kUriTemplate: return uri_template(from.uri_template(), at / "uri_template");
    default: return never();
  }
}

rbac::Rule compile_principal(const r3::Principal& from, const Site& at) {
  switch (from.identifier_case()) {
    case r3::Principal::kAndIds:
      return {rbac::AllOf{compile_set(from.and_ids().ids(), at / "and_ids.ids", compile_principal)}};
    case r3::Principal::kOrIds:
      return {rbac::AnyOf{compile_set(from.or_ids().ids(), at / "or_ids.ids", compile_principal)}};
    case r3::Principal::kAny: return {rbac::Any{}};
    case r3::Principal::kAuthenticated:
      if (!from.authenticated().has_principal_name()) return {rbac::Authenticated{}};
      return rule_if(string_matcher(from.authenticated().principal_name(), at / "authenticated.principal_name"),
                     [](auto m) { return rbac::Authenticated{std::move(m)}; });
    case r3::Principal::kSourceIp: return source_ip(from.source_ip(), rbac::SourceOf::kConnection, at / "source_ip");
    case r3::Principal::kDirectRemoteIp:
      return source_ip(from.direct_remote_ip(), rbac::SourceOf::kDirect, at / "direct_remote_ip");
    case r3::Principal::kRemoteIp: return source_ip(from.remote_ip(), rbac::SourceOf::kRemote, at / "remote_ip");
    case r3::Principal::kHeader:
      return rule_if(header_matcher(from.header(), at / "header"), [](auto m) { return rbac::Header{std::move(m)}; });
    case r3::Principal::kUrlPath:
      return rule_if(string_matcher(from.url_path().path(), at / "url_path.path"),
                     [](auto m) { return rbac::UrlPath{std::move(m)}; });
    case r3::Principal::kMetadata:
      return metadata_rule(from.metadata(), observe::MetadataSource::kDynamic, at / "metadata");
    case r3::Principal::kFilterState:
      return rule_if(filter_state_matcher(from.filter_state(), at / "filter_state"),
                     [](auto m) { return rbac::MetadataRule{std::move(m)}; });
    case r3::Principal::kSourcedMetadata:
      return metadata_rule(from.sourced_metadata().metadata_matcher(),
                           from.sourced_metadata().metadata_source() == r3::ROUTE ? observe::MetadataSource::kRoute
                                                                                  : observe::MetadataSource::kDynamic,
                           at / "sourced_metadata.metadata_matcher");
    case r3::Principal::kNotId:
      return {rbac::Not{std::make_shared<const rbac::Rule>(compile_principal(from.not_id(), at / "not_id"))}};
    default: return never();
  }
}

}  // namespace

std::shared_ptr<const rbac::Policies> compile_rbac(const r3::RBAC& from, const Site& at) {
  auto to = std::make_shared<rbac::Policies>();
  if (from.action() == r3::RBAC::DENY) to->action = rbac::Action::kDeny;
  if (from.action() == r3::RBAC::LOG) to->action = rbac::Action::kLog;
  const Site policies = at / "policies";
  for (const auto& [name, policy] : from.policies()) {
    const Site entry = policies.entry(name);
    to->policies.push_back({.name = name,
                            .permissions = compile_set(policy.permissions(), entry / "permissions", compile_permission),
                            .principals = compile_set(policy.principals(), entry / "principals", compile_principal)});
  }
  std::ranges::sort(to->policies, {}, &rbac::Policy::name);
  return to;
}

void add_rbac_fields(SupportedTable& table) {
  table.add(supported<r3::RBAC>({"action", "policies"}).security({"audit_logging_options"}));
  table.add(
      supported<r3::Policy>({"permissions", "principals"}).security({"condition", "checked_condition", "cel_config"}));
  table.add(supported<r3::Permission>({"and_rules", "or_rules", "any", "header", "url_path", "destination_ip",
                                       "destination_port", "destination_port_range", "metadata", "sourced_metadata",
                                       "not_rule", "requested_server_name", "uri_template"})
                .security({"matcher"}));
  table.add(supported<r3::Permission::Set>({"rules"}));
  table.add(supported<r3::Principal>({"and_ids", "or_ids", "any", "authenticated", "source_ip", "direct_remote_ip",
                                      "remote_ip", "header", "url_path", "metadata", "filter_state", "sourced_metadata",
                                      "not_id"})
                .security({"custom"}));
  table.add(supported<r3::Principal::Set>({"ids"}));
  table.add(supported<r3::Principal::Authenticated>({"principal_name"}));
  table.add(supported<r3::SourcedMetadata>({"metadata_matcher", "metadata_source"}));
  table.add(supported<envoy::type::v3::Int32Range>({"start", "end"}));
}

}  // namespace proa::config
