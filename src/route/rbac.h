// Role-based access control (Envoy's config.rbac.v3.RBAC): the engine of the HTTP and of the network filter.
//
// A policy matches when one of its permissions (what is done) and one of its principals (who does it) match.
// ALLOW lets pass what a policy matches, DENY what none matches, LOG everything.
//
// A header that occurs several times (threats P4, CVE-2026-26308): what would deny needs one value that matches, what
// would allow needs all of them to. Below a "not" the two change places.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "http/header_matcher.h"
#include "http/string_matcher.h"
#include "net/address.h"
#include "observe/metadata_matcher.h"
#include "observe/stream_info.h"
#include "route/matcher_tree.h"
#include "route/uri_template.h"

namespace proa::route::rbac {

/// What a rule looks at. `info.request` is null for a network connection: rules about requests do not match then.
struct Input {
  const observe::StreamInfo& info;
};

struct Any {};
struct Header {
  http::HeaderMatcher matcher;
};
struct UrlPath {  ///< the path without query and fragment
  http::StringMatcher matcher;
};
struct PathTemplateRule {
  UriTemplate uri_template;
};
struct DestinationIp {
  net::CidrRange range;
};
struct DestinationPort {  ///< [first, last]
  uint32_t first = 0;
  uint32_t last = 0;
};
struct ServerName {  ///< SNI; an absent one is empty
  http::StringMatcher matcher;
};
/// `matcher` unset: any verified client certificate. Compared with the URI SANs, else the DNS SANs, else the
/// subject: the first kind that the certificate has (as Envoy).
struct Authenticated {
  std::optional<http::StringMatcher> matcher;
};
enum class SourceOf : uint8_t {
  kConnection,  ///< source_ip: of the connection, PROXY protocol applied
  kDirect,      ///< direct_remote_ip: the peer of the socket
  kRemote,      ///< remote_ip: the client as trusted, XFF applied
};
struct SourceIp {
  net::CidrRange range;
  SourceOf of = SourceOf::kRemote;
};
struct MetadataRule {  ///< metadata, sourced_metadata, filter_state
  observe::MetadataMatcher matcher;
};

struct Rule;
struct AllOf {
  std::vector<Rule> rules;
};
struct AnyOf {
  std::vector<Rule> rules;
};
struct Not {
  std::shared_ptr<const Rule> rule;
};

/// A permission or a principal. Immutable.
struct Rule {
  std::variant<Any, Header, UrlPath, PathTemplateRule, DestinationIp, DestinationPort, ServerName, Authenticated,
               SourceIp, MetadataRule, AllOf, AnyOf, Not>
      what;
};

struct Policy {
  std::string name;
  std::vector<Rule> permissions;  ///< one must match; not empty
  std::vector<Rule> principals;   ///< one must match; not empty
};

enum class Action : uint8_t { kAllow, kDeny, kLog };

/// Immutable; used by all workers.
struct Policies {
  Action action = Action::kAllow;
  std::vector<Policy> policies;  ///< in Envoy's order: sorted by name
};

struct Decision {
  bool allowed = true;
  bool log = false;                ///< LOG, and a policy matched: access_log_hint
  const Policy* policy = nullptr;  ///< the first that matched
};
Decision decide(const Policies& policies, const Input& input);

/// What a leaf of a matcher tree decides (envoy.config.rbac.v3.Action).
struct TreeAction : MatchAction {
  std::string name;
  Action action = Action::kDeny;
};
struct TreeDecision {
  bool allowed = false;  ///< nothing that matches denies
  bool log = false;
  std::string_view name;  ///< of the action; empty when none matched
};
/// Every action of `tree` must be a TreeAction.
TreeDecision decide(const MatcherTree& tree, const Input& input);

/// Whether one rule matches. `mode`: how headers with several values are taken.
bool matches(const Rule& rule, const Input& input, http::ValuesMode mode);

}  // namespace proa::route::rbac
