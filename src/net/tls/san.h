// Subject alternative names: read from a certificate and compared, each as what it is.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/tls/options.h"

struct x509_st;

namespace proa::net::tls {

struct San {
  SanMatcher::Type type;
  std::string value;  // raw bytes, a NUL included; an IP address as text
  std::string oid;    // of kOtherName
};

std::vector<San> read_sans(x509_st* certificate);

/// The common name is never looked at. A DNS name of the certificate may have a wildcard as its whole first label,
/// which stands for exactly one label (RFC 9525); only an exact matcher meets it.
bool matches(const SanMatcher& matcher, const San& san);
/// One matcher that meets one name. More than one SPIFFE URI in a certificate meets no URI matcher: which of them
/// would be the identity?
bool matches_any(std::span<const SanMatcher> matchers, std::span<const San> sans);
/// The only SPIFFE URI of a certificate; empty when there is none or more than one.
std::string_view spiffe_id(std::span<const San> sans);
/// "example.org" of "spiffe://example.org/ns/a"; empty when it is none.
std::string_view trust_domain(std::string_view spiffe_id);

/// Bytes that are not printable as \xNN.
std::string printable(std::string_view bytes);

}  // namespace proa::net::tls
