#include "route/rbac.h"

#include <algorithm>

#include "net/transport.h"
#include "route/candidates.h"

namespace proa::route::rbac {
namespace {

using http::ValuesMode;

ValuesMode opposite(ValuesMode mode) { return mode == ValuesMode::kAny ? ValuesMode::kAll : ValuesMode::kAny; }

const net::TlsInfo* tls_of(const observe::StreamInfo& info) {
  return info.downstream ? info.downstream->tls.get() : nullptr;
}

const net::Address* source(const observe::StreamInfo& info, SourceOf of) {
  if (of == SourceOf::kRemote && info.remote_address) return info.remote_address;
  if (!info.downstream) return nullptr;
  return of == SourceOf::kDirect ? &info.downstream->direct_remote : &info.downstream->remote;
}

bool any_matches(const http::StringMatcher& matcher, const std::vector<std::string>& values) {
  return std::any_of(values.begin(), values.end(), [&](const std::string& v) { return matcher.matches(v); });
}

struct Matches {
  const observe::StreamInfo& info;
  const Input& input;
  ValuesMode mode;

  bool operator()(const Any&) const { return true; }
  bool operator()(const Header& rule) const { return info.request && rule.matcher.matches(*info.request, mode); }
  bool operator()(const UrlPath& rule) const {
    return info.request && !info.request->path.empty() && rule.matcher.matches(without_query(info.request->path));
  }
  bool operator()(const PathTemplateRule& rule) const {
    return info.request && rule.uri_template.matches(without_query(info.request->path));
  }
  bool operator()(const DestinationIp& rule) const {
    return info.downstream && rule.range.contains(info.downstream->local);
  }
  bool operator()(const DestinationPort& rule) const {
    if (!info.downstream || !info.downstream->local.is_ip()) return false;
    uint32_t port = info.downstream->local.port();
    return port >= rule.first && port <= rule.last;
  }
  bool operator()(const ServerName& rule) const {
    return rule.matcher.matches(info.downstream ? std::string_view(info.downstream->sni) : std::string_view());
  }
  bool operator()(const Authenticated& rule) const {
    // Only a certificate that was verified says who the peer is.
    const net::TlsInfo* tls = tls_of(info);
    if (!tls || !tls->validated) return false;
    if (!rule.matcher) return true;
    const net::CertificateInfo& peer = *tls->peer;
    if (!peer.uri_sans.empty()) return any_matches(*rule.matcher, peer.uri_sans);
    if (!peer.dns_sans.empty()) return any_matches(*rule.matcher, peer.dns_sans);
    return rule.matcher->matches(peer.subject);
  }
  bool operator()(const SourceIp& rule) const {
    const net::Address* address = source(info, rule.of);
    return address && rule.range.contains(*address);
  }
  bool operator()(const MetadataRule& rule) const { return rule.matcher.matches(info); }
  bool operator()(const AllOf& set) const {
    return std::all_of(set.rules.begin(), set.rules.end(), [&](const Rule& r) { return matches(r, input, mode); });
  }
  bool operator()(const AnyOf& set) const {
    return std::any_of(set.rules.begin(), set.rules.end(), [&](const Rule& r) { return matches(r, input, mode); });
  }
  bool operator()(const Not& rule) const { return !matches(*rule.rule, input, opposite(mode)); }
};

bool policy_matches(const Policy& policy, const Input& input, ValuesMode mode) {
  auto one = [&](const std::vector<Rule>& rules) {
    return std::any_of(rules.begin(), rules.end(), [&](const Rule& rule) { return matches(rule, input, mode); });
  };
  return one(policy.permissions) && one(policy.principals);
}

}  // namespace

bool matches(const Rule& rule, const Input& input, ValuesMode mode) {
  return std::visit(Matches{input.info, input, mode}, rule.what);
}

Decision decide(const Policies& policies, const Input& input) {
  const ValuesMode mode = policies.action == Action::kAllow ? ValuesMode::kAll : ValuesMode::kAny;
  Decision decision;
  for (const Policy& policy : policies.policies) {
    if (!policy_matches(policy, input, mode)) continue;
    decision.policy = &policy;
    break;
  }
  switch (policies.action) {
    case Action::kAllow: decision.allowed = decision.policy != nullptr; break;
    case Action::kDeny: decision.allowed = decision.policy == nullptr; break;
    case Action::kLog: decision.log = decision.policy != nullptr; break;
  }
  return decision;
}

TreeDecision decide(const MatcherTree& tree, const Input& input) {
  const auto* action = static_cast<const TreeAction*>(tree.match(input.info));
  if (!action) return {};
  return {action->action != Action::kDeny, action->action == Action::kLog, action->name};
}

}  // namespace proa::route::rbac
