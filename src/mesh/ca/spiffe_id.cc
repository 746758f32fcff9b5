#include "mesh/ca/spiffe_id.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "net/tls/san.h"

namespace proa::mesh {
namespace {

constexpr std::string_view kScheme = "spiffe://";
constexpr size_t kMaxId = 2048;
constexpr size_t kMaxTrustDomain = 255;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool in_trust_domain(char c) { return is_lower_or_digit(c) || c == '.' || c == '-' || c == '_'; }
bool in_segment(char c) { return in_trust_domain(c) || (c >= 'A' && c <= 'Z'); }

bool good_segment(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != ".." && std::ranges::all_of(segment, in_segment);
}

}  // namespace

Result<SpiffeId> parse_spiffe_id(std::string_view text) {
  auto bad = [&](std::string_view why) {
    return fail(fmt::format("{} is no identity: {}", net::tls::printable(text.substr(0, 200)), why));
  };
  if (text.size() > kMaxId) return bad("it is longer than 2048 bytes");
  if (!text.starts_with(kScheme)) return bad("it does not begin with spiffe://");
  std::string_view rest = text.substr(kScheme.size());
  const size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view domain = rest.substr(0, slash);
  if (domain.empty() || domain.size() > kMaxTrustDomain || !std::ranges::all_of(domain, in_trust_domain)) {
    return bad("its trust domain is not of lower-case letters, digits, '.', '-' and '_'");
  }
  std::array<std::string_view, 4> segments;
  rest.remove_prefix(slash);
  for (std::string_view& segment : segments) {
    if (!rest.starts_with('/')) return bad("its path is not /ns/NAMESPACE/sa/ACCOUNT");
    rest.remove_prefix(1);
    segment = rest.substr(0, rest.find('/'));
    if (!good_segment(segment))
      return bad("a segment of its path is empty or has other than letters, digits, '.', '-', '_'");
    rest.remove_prefix(segment.size());
  }
  if (!rest.empty() || segments[0] != "ns" || segments[2] != "sa")
    return bad("its path is not /ns/NAMESPACE/sa/ACCOUNT");
  return SpiffeId{std::string(domain), std::string(segments[1]), std::string(segments[3])};
}

Result<SpiffeId> certificate_identity(const net::CertificateInfo& certificate,
                                      std::span<const std::string> trust_domains) {
  if (certificate.uri_sans.size() != 1) {
    return fail(fmt::format("the certificate has {} URI names, not one", certificate.uri_sans.size()));
  }
  Result<SpiffeId> id = parse_spiffe_id(certificate.uri_sans[0]);
  if (!id) return id;
  if (std::ranges::find(trust_domains, id->trust_domain) == trust_domains.end()) {
    return fail(fmt::format("{} is of another trust domain than {}", id->text(), fmt::join(trust_domains, ", ")));
  }
  return id;
}

Result<SpiffeId> peer_identity(const net::ConnectionInfo& peer, std::span<const std::string> trust_domains) {
  if (!peer.tls) return fail("the connection is clear text");
  if (!peer.tls->presented) return fail("the peer has shown no certificate");
  if (!peer.tls->validated) return fail("the peer's certificate was not verified");
  return certificate_identity(*peer.tls->peer, trust_domains);
}

}  // namespace proa::mesh
