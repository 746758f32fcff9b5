#include "mesh/translate/authorization_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "envoy/extensions/path/match/uri_template/v3/uri_template_match.pb.h"
#include "mesh/translate/authorization_match.h"
#include "mesh/translate/packed.h"

namespace proa::mesh {

namespace {

using envoy::config::rbac::v3::Permission;
using envoy::config::rbac::v3::Policy;
using envoy::config::rbac::v3::Principal;
using envoy::type::matcher::v3::MetadataMatcher;
using envoy::type::matcher::v3::StringMatcher;
using envoy::type::matcher::v3::ValueMatcher;
using istio::security::v1beta1::Condition;
using istio::security::v1beta1::Operation;
using istio::security::v1beta1::Source;

using Values = std::vector<std::string>;

Values values_of(const google::protobuf::RepeatedPtrField<std::string>& list) { return {list.begin(), list.end()}; }

auto& all_of(Permission& out) { return *out.mutable_and_rules()->mutable_rules(); }
auto& all_of(Principal& out) { return *out.mutable_and_ids()->mutable_ids(); }
auto& any_of(Permission& out) { return *out.mutable_or_rules()->mutable_rules(); }
auto& any_of(Principal& out) { return *out.mutable_or_ids()->mutable_ids(); }
Permission& negated(Permission& out) { return *out.mutable_not_rule(); }
Principal& negated(Principal& out) { return *out.mutable_not_id(); }

/// A list of conditions that all must hold. `Part` is Permission or Principal.
template <class Part>
class Conditions {
 public:
  explicit Conditions(const RuleFor& what) : what_(what) {}

  /// Any of `values` and none of `not_values`, each made a part by `make`.
  template <class Make>
  void add(const Values& values, const Values& not_values, Make make) {
    add_joined(values, not_values, [&](const Values& list) {
      Part out;
      for (const std::string& value : list) *any_of(out).Add() = make(value);
      return out;
    });
  }
  /// The same, where one part is made of all values.
  template <class Make>
  void add_joined(const Values& values, const Values& not_values, Make make) {
    if (!values.empty()) *parts_.Add() = make(values);
    if (!not_values.empty()) negated(*parts_.Add()) = make(not_values);
  }

  /// Whether what needs a request may be asked; if not and something is to be asked, it is left out.
  bool request(const Values& values, const Values& not_values) {
    if (!what_.tcp) return true;
    if (!values.empty() || !not_values.empty()) left_out_ = true;
    return false;
  }

  bool left_out() const { return left_out_; }
  Part part() const {
    Part out;
    if (parts_.empty()) {
      all_of(out).Add()->set_any(true);
    } else {
      all_of(out) = parts_;
    }
    return out;
  }

  const RuleFor& what() const { return what_; }

 private:
  const RuleFor& what_;
  google::protobuf::RepeatedPtrField<Part> parts_;
  bool left_out_ = false;
};

// ---- permissions: what is asked for

Permission header_permission(envoy::config::route::v3::HeaderMatcher matcher) {
  Permission out;
  *out.mutable_header() = std::move(matcher);
  return out;
}

Permission path_permission(const std::string& path) {
  Permission out;
  if (path.find('{') == std::string::npos) {
    *out.mutable_url_path()->mutable_path() = text_match(path);
    return out;
  }
  envoy::extensions::path::match::uri_template::v3::UriTemplateMatchConfig config;
  config.set_path_template(path_template(path));
  out.mutable_uri_template()->set_name("uri-template");
  *out.mutable_uri_template()->mutable_typed_config() = packed(config);
  return out;
}

Permission port_permission(const std::string& text) {
  Permission out;
  std::uint32_t port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);  // validated
  out.set_destination_port(port);
  return out;
}

Permission address_permission(const std::string& range) {
  Permission out;
  *out.mutable_destination_ip() = cidr_range(range);
  return out;
}

Permission server_name_permission(const std::string& name) {
  Permission out;
  *out.mutable_requested_server_name() = text_match(name);
  return out;
}

/// "experimental.envoy.filters.a.b[c]": key c of the metadata of the filter envoy.filters.a.b. A value "[x]" is looked
/// for in a list.
Permission metadata_permission(std::string_view key, const Values& values) {
  key.remove_prefix(std::string_view("experimental.").size());
  const std::size_t open = key.find('[');
  Permission out;
  MetadataMatcher& matcher = *out.mutable_metadata();
  matcher.set_filter(std::string(key.substr(0, open)));
  matcher.add_path()->set_key(std::string(key.substr(open + 1, key.size() - open - 2)));
  auto& any = *matcher.mutable_value()->mutable_or_match();
  for (const std::string& value : values) {
    const bool in_list = value.size() >= 2 && value.starts_with('[') && value.ends_with(']');
    ValueMatcher& one = *any.add_value_matchers();
    if (in_list) {
      *one.mutable_list_match()->mutable_one_of()->mutable_string_match() =
          text_match(value.substr(1, value.size() - 2));
    } else {
      *one.mutable_string_match() = text_match(value);
    }
  }
  return out;
}

void add_operation(const Operation& to, Conditions<Permission>& out) {
  const auto add_request = [&](const auto& values, const auto& not_values, auto make) {
    const Values is = values_of(values), is_not = values_of(not_values);
    if (out.request(is, is_not)) out.add(is, is_not, make);
  };
  add_request(to.hosts(), to.not_hosts(), [](const std::string& host) {
    return header_permission(header_match(":authority", host, /*ignore_case=*/true));
  });
  add_request(to.methods(), to.not_methods(),
              [](const std::string& method) { return header_permission(header_match(":method", method)); });
  add_request(to.paths(), to.not_paths(), path_permission);
  out.add(values_of(to.ports()), values_of(to.not_ports()), port_permission);
}

bool is_permission(std::string_view key) {
  return key == "destination.ip" || key == "destination.port" || key == "connection.sni" ||
         key.starts_with("experimental.envoy.filters.");
}

void add_condition(const Condition& when, Conditions<Permission>& out) {
  const std::string& key = when.key();
  const Values is = values_of(when.values()), is_not = values_of(when.not_values());
  if (key == "destination.ip") return out.add(is, is_not, address_permission);
  if (key == "destination.port") return out.add(is, is_not, port_permission);
  if (key == "connection.sni") return out.add(is, is_not, server_name_permission);
  out.add_joined(is, is_not, [&](const Values& values) { return metadata_permission(key, values); });
}

// ---- principals: who asks

Principal authenticated(StringMatcher name) {
  Principal out;
  *out.mutable_authenticated()->mutable_principal_name() = std::move(name);
  return out;
}

Principal namespace_principal(const std::string& ns) {
  return authenticated(regex_match(fmt::format(".*/ns/{}/.*", quoted_wildcard(ns))));
}

Principal account_principal(const std::string& account, std::string_view own_ns) {
  const std::size_t slash = account.find('/');
  const std::string ns(slash == std::string::npos ? own_ns : std::string_view(account).substr(0, slash));
  const std::string name = slash == std::string::npos ? account : account.substr(slash + 1);
  return authenticated(
      regex_match(fmt::format("spiffe://.+/ns/{}/(.+/|)sa/{}(/.+)?", quoted_wildcard(ns), quoted_wildcard(name))));
}

Principal domain_principal(const std::string& domain) {
  // A '*' is of one trust domain: it does not reach into the path.
  std::string pattern = quoted_wildcard(domain);
  if (const std::size_t star = pattern.find(".*"); star != std::string::npos) pattern.replace(star, 2, "[^/]*");
  return authenticated(regex_match(fmt::format("spiffe://{}/.*", pattern)));
}

Principal direct_address(const std::string& range) {
  Principal out;
  *out.mutable_direct_remote_ip() = cidr_range(range);
  return out;
}

Principal remote_address(const std::string& range) {
  Principal out;
  *out.mutable_remote_ip() = cidr_range(range);
  return out;
}

/// Of the claims that the jwt_authn filter has verified.
MetadataMatcher claim_matcher(const Values& path) {
  MetadataMatcher out;
  out.set_filter("envoy.filters.http.jwt_authn");
  out.add_path()->set_key("payload");
  for (const std::string& key : path) out.add_path()->set_key(key);
  return out;
}

Principal claim_text(const std::string& claim, StringMatcher text) {
  Principal out;
  *out.mutable_metadata() = claim_matcher({claim});
  *out.mutable_metadata()->mutable_value()->mutable_string_match() = std::move(text);
  return out;
}

/// A claim that is one of the values, or a list that has one of them.
Principal claim_principal(const Values& path, const Values& values) {
  ValueMatcher one;
  if (values.size() == 1) {
    *one.mutable_string_match() = text_match(values.front());
  } else {
    for (const std::string& value : values) {
      *one.mutable_or_match()->add_value_matchers()->mutable_string_match() = text_match(value);
    }
  }
  Principal out;
  *out.mutable_metadata() = claim_matcher(path);
  auto& either = *out.mutable_metadata()->mutable_value()->mutable_or_match();
  *either.add_value_matchers()->mutable_list_match()->mutable_one_of() = one;
  *either.add_value_matchers() = std::move(one);
  return out;
}

/// "ISSUER/SUBJECT", with one '*' at the beginning or the end.
Principal request_principal(const std::string& value) {
  // The last '/', as an issuer is often a URL.
  const std::size_t slash = value.rfind('/');
  const bool both = slash != std::string::npos;
  std::string issuer = value.substr(0, slash);
  std::string subject = both ? value.substr(slash + 1) : std::string();
  if (!both && value.starts_with('*')) {
    issuer = "*";
    subject = value;
  } else if (!both && value.ends_with('*')) {
    subject = "*";
  }
  // At the other end than the one that may have it, a '*' is an ordinary character.
  const bool first = value.starts_with('*');
  const bool last = !first && value.ends_with('*');
  Principal out;
  *all_of(out).Add() = claim_text("iss", first || !both ? text_match(issuer) : exact_match(issuer));
  *all_of(out).Add() = claim_text("sub", last || !both ? text_match(subject) : exact_match(subject));
  return out;
}

Principal request_principals(const Values& values) {
  if (values.size() == 1) return request_principal(values.front());
  Principal out;
  for (const std::string& value : values) *any_of(out).Add() = request_principal(value);
  return out;
}

Values under_all(const Values& principals, const std::vector<std::string>& trust_domains) {
  Values out;
  for (const std::string& principal : principals) {
    for (std::string& each : under_trust_domains(principal, trust_domains)) out.push_back(std::move(each));
  }
  return out;
}

Values with_aliases(const Values& domains, const std::vector<std::string>& trust_domains) {
  Values out;
  const auto add = [&](const std::string& domain) {
    if (std::ranges::find(out, domain) == out.end()) out.push_back(domain);
  };
  for (const std::string& domain : domains) {
    if (std::ranges::find(trust_domains, domain) == trust_domains.end()) {
      add(domain);
    } else {
      std::ranges::for_each(trust_domains, add);
    }
  }
  return out;
}

/// Those that stand both in sources and in conditions.
void add_identity(std::string_view key, const Values& is, const Values& is_not, Conditions<Principal>& out) {
  const RuleFor& what = out.what();
  if (key == "source.principal") {
    return out.add(under_all(is, what.trust_domains), under_all(is_not, what.trust_domains),
                   [](const std::string& name) { return authenticated(text_match(name, "spiffe://")); });
  }
  if (key == "request.auth.principal") {
    if (out.request(is, is_not)) out.add_joined(is, is_not, request_principals);
    return;
  }
  if (key == "source.serviceAccount") {
    return out.add(is, is_not, [&](const std::string& account) { return account_principal(account, what.ns); });
  }
  if (key == "source.namespace") return out.add(is, is_not, namespace_principal);
  if (key == "source.trustDomain") {
    return out.add(with_aliases(is, what.trust_domains), with_aliases(is_not, what.trust_domains), domain_principal);
  }
  if (key == "remote.ip") return out.add(is, is_not, remote_address);
  if (key == "source.ip") return out.add(is, is_not, direct_address);
}

void add_source(const Source& from, Conditions<Principal>& out) {
  const auto add = [&](std::string_view key, const auto& is, const auto& is_not) {
    add_identity(key, values_of(is), values_of(is_not), out);
  };
  add("source.principal", from.principals(), from.not_principals());
  add("request.auth.principal", from.request_principals(), from.not_request_principals());
  add("source.serviceAccount", from.service_accounts(), from.not_service_accounts());
  add("source.namespace", from.namespaces(), from.not_namespaces());
  add("source.trustDomain", from.trust_domains(), from.not_trust_domains());
  add("remote.ip", from.remote_ip_blocks(), from.not_remote_ip_blocks());
  add("source.ip", from.ip_blocks(), from.not_ip_blocks());
}

/// "request.auth.claims[a][b]": a, b.
Values inner_keys(std::string_view key) {
  Values out;
  for (std::size_t open = key.find('['); open != std::string_view::npos; open = key.find('[', open + 1)) {
    const std::size_t close = key.find(']', open);
    if (close == std::string_view::npos) break;
    out.emplace_back(key.substr(open + 1, close - open - 1));
  }
  return out;
}

void add_condition(const Condition& when, Conditions<Principal>& out) {
  const std::string& key = when.key();
  const Values is = values_of(when.values()), is_not = values_of(when.not_values());
  const auto add_claim = [&](const Values& path) {
    if (!out.request(is, is_not)) return;
    out.add_joined(is, is_not, [&](const Values& values) { return claim_principal(path, values); });
  };
  if (key == "request.auth.audiences") return add_claim({"aud"});
  if (key == "request.auth.presenter") return add_claim({"azp"});
  if (key.starts_with("request.auth.claims[")) return add_claim(inner_keys(key));
  if (key.starts_with("request.headers[")) {
    if (!out.request(is, is_not)) return;
    const std::string name = key.substr(16, key.size() - 17);
    return out.add(is, is_not, [&](const std::string& value) {
      Principal part;
      *part.mutable_header() = header_match(name, value);
      return part;
    });
  }
  add_identity(key, is, is_not, out);
}

/// One part for each element of `list`, or one without it; `conditions` hold in each.
template <class Part, class List, class Add>
bool add_parts(const RuleFor& what, const List& list, Add add, google::protobuf::RepeatedPtrField<Part>& out) {
  const auto add_part = [&](const auto* element) {
    Conditions<Part> conditions(what);
    if (element != nullptr) add(*element, conditions);
    for (const Condition& when : what.rule.when()) {
      if (is_permission(when.key()) == std::is_same_v<Part, Permission>) add_condition(when, conditions);
    }
    if (conditions.left_out() && what.allow) return false;
    *out.Add() = conditions.part();
    return true;
  };
  using Element = typename List::value_type;
  if (list.empty()) return add_part(static_cast<const Element*>(nullptr));
  return std::ranges::all_of(list, [&](const Element& element) { return add_part(&element); });
}

}  // namespace

std::vector<std::string> under_trust_domains(const std::string& principal,
                                             const std::vector<std::string>& trust_domains) {
  const std::size_t slash = principal.find('/');
  const std::string domain = principal.substr(0, slash);
  // Of another form it names no trust domain, and '*' is all of them.
  if (std::ranges::count(principal, '/') != 4 || domain == "*") return {principal};
  const auto covers = [&](const std::string& own) {
    return own == domain || (domain.starts_with('*') && own.ends_with(std::string_view(domain).substr(1)));
  };
  if (domain != "cluster.local" && std::ranges::none_of(trust_domains, covers)) return {principal};
  std::vector<std::string> out;
  for (const std::string& own : trust_domains) {
    std::string renamed = covers(own) ? principal : own + principal.substr(slash);
    if (std::ranges::find(out, renamed) == out.end()) out.push_back(std::move(renamed));
  }
  return out;
}

std::optional<Policy> rbac_policy(const RuleFor& what) {
  Policy out;
  const bool permitted = add_parts(
      what, what.rule.to(),
      [](const auto& to, Conditions<Permission>& conditions) { add_operation(to.operation(), conditions); },
      *out.mutable_permissions());
  const bool identified = add_parts(
      what, what.rule.from(),
      [](const auto& from, Conditions<Principal>& conditions) { add_source(from.source(), conditions); },
      *out.mutable_principals());
  if (!permitted || !identified) return std::nullopt;
  return out;
}

}  // namespace proa::mesh
