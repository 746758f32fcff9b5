#include "cli/proa/object_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/nearest_name.h"
#include "config/problems.h"

namespace proa::cli {

namespace {

using mesh::Kind;

struct Words {
  Kind kind;
  std::string_view plural;
  std::string_view shorter{};
};

/// Where two kinds have one name, Istio's comes first: it has the word alone.
constexpr std::array kWords = {
    Words{Kind::virtual_service, "virtualservices", "vs"},
    Words{Kind::destination_rule, "destinationrules", "dr"},
    Words{Kind::gateway, "gateways", "gw"},
    Words{Kind::service_entry, "serviceentries", "se"},
    Words{Kind::workload_entry, "workloadentries", "we"},
    Words{Kind::workload_group, "workloadgroups", "wg"},
    Words{Kind::sidecar, "sidecars"},
    Words{Kind::proxy_config, "proxyconfigs"},
    Words{Kind::envoy_filter, "envoyfilters"},
    Words{Kind::peer_authentication, "peerauthentications", "pa"},
    Words{Kind::request_authentication, "requestauthentications", "ra"},
    Words{Kind::authorization_policy, "authorizationpolicies", "ap"},
    Words{Kind::telemetry, "telemetries", "telemetry"},
    Words{Kind::k8s_service, "services", "svc"},
    Words{Kind::k8s_endpoint_slice, "endpointslices"},
    Words{Kind::k8s_namespace, "namespaces", "ns"},
    Words{Kind::k8s_secret, "secrets"},
    Words{Kind::api_gateway_class, "gatewayclasses", "gc"},
    Words{Kind::api_gateway, "gateways", "gtw"},
    Words{Kind::http_route, "httproutes"},
    Words{Kind::grpc_route, "grpcroutes"},
    Words{Kind::tls_route, "tlsroutes"},
    Words{Kind::tcp_route, "tcproutes"},
    Words{Kind::reference_grant, "referencegrants", "refgrant"},
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return out;
}

/// ".networking.istio.io" and ".v1.networking.istio.io" name the group; nothing names any.
bool of_group(std::string_view written, std::string_view group) {
  return written.empty() || (!group.empty() && (written == group || written.ends_with(fmt::format(".{}", group))));
}

Result<ObjectNames::One> one_of(std::string_view word) {
  const std::size_t slash = word.find('/');
  auto kind = find_kind(word.substr(0, slash));
  if (!kind) return std::unexpected(kind.error());
  if (slash + 1 == word.size()) return fail(fmt::format("'{}' has no name after the '/'", word));
  return ObjectNames::One{*kind, std::string(word.substr(slash + 1))};
}

}  // namespace

Result<mesh::Kind> find_kind(std::string_view word) {
  const std::string text = lower(word);
  const std::size_t dot = text.find('.');
  const std::string name = text.substr(0, dot), group = dot == std::string::npos ? "" : text.substr(dot + 1);
  std::vector<std::string> known;
  for (const Words& each : kWords) {
    const mesh::KindInfo& kind = mesh::info(each.kind);
    if ((name == each.plural || (!name.empty() && name == each.shorter) || name == lower(kind.name)) &&
        of_group(group, kind.group)) {
      return each.kind;
    }
    known.insert(known.end(), {std::string(each.plural), std::string(each.shorter), lower(kind.name)});
  }
  const std::string near = config::did_you_mean(config::nearest_names(name, known));
  return fail(fmt::format("'{}' is no kind of object{}", word, near.empty() ? "" : "; " + near));
}

Result<ObjectNames> ObjectNames::parse(const std::vector<std::string>& words) {
  ObjectNames out;
  if (words.empty()) return out;
  if (words.front().find('/') != std::string::npos) {
    for (const std::string& word : words) {
      if (word.find('/') == std::string::npos) return fail(fmt::format("'{}' has no kind: write KIND/NAME", word));
      auto one = one_of(word);
      if (!one) return std::unexpected(one.error());
      out.objects.push_back(std::move(*one));
    }
    return out;
  }
  for (std::string_view rest = words.front(); !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    auto kind = find_kind(word);
    if (!kind) return std::unexpected(kind.error());
    out.kinds.push_back(*kind);
  }
  if (words.size() == 1) return out;
  for (std::size_t i = 1; i < words.size(); ++i) {
    for (const Kind kind : out.kinds) out.objects.push_back({kind, words[i]});
  }
  out.kinds.clear();
  return out;
}

std::string known_kinds() {
  std::string out;
  for (const Words& each : kWords) {
    if (!out.empty()) out += ", ";
    out += each.plural;
    if (each.kind == Kind::api_gateway) out += fmt::format(".{}", mesh::info(each.kind).group);
    if (!each.shorter.empty() && each.shorter != "telemetry") out += fmt::format(" ({})", each.shorter);
  }
  return out;
}

}  // namespace proa::cli
