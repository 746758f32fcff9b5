// names: what Kubernetes takes for names of things. Each function gives what is wrong with a text, or nothing.
#pragma once

#include <string>
#include <string_view>

namespace proa::mesh {

/// RFC 1123: "shop", at most 63 of a-z, 0-9 and '-', with neither end a '-'.
std::string not_a_dns_label(std::string_view text);
/// Labels with dots between: "gateway.shop", at most 253.
std::string not_a_dns_subdomain(std::string_view text);
/// A host name as Istio takes it: as above, capitals allowed, a trailing dot not.
std::string not_a_fqdn(std::string_view text);
/// The same, or with "*." in front, or "*" alone.
std::string not_a_wildcard_domain(std::string_view text);

/// "app.kubernetes.io/name": an optional DNS prefix, at most 63 of letters, digits, '-', '_' and '.'.
std::string not_a_label_key(std::string_view text);
std::string not_a_label_value(std::string_view text);

}  // namespace proa::mesh
