// Identities of workloads: spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/ACCOUNT, as Istio writes them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/transport.h"

namespace proa::mesh {

struct SpiffeId {
  std::string trust_domain;
  std::string name_space;
  std::string account;

  std::string text() const { return "spiffe://" + trust_domain + "/ns/" + name_space + "/sa/" + account; }
  bool operator==(const SpiffeId&) const = default;
};

/// Strict (SPIFFE-ID.md sections 2.1 to 2.4, and Istio's path): lower-case scheme and trust domain, no user, port, query,
/// fragment or percent escapes, no empty, "." or ".." segment, four segments exactly. Nothing is made canonical: two texts
/// that differ are two identities, or none.
Result<SpiffeId> parse_spiffe_id(std::string_view text);

/// The identity that a certificate proves: its only URI name, of one of these trust domains. DNS names and the subject say
/// nothing. Fails with the reason.
Result<SpiffeId> certificate_identity(const net::CertificateInfo& certificate,
                                      std::span<const std::string> trust_domains);

/// The same of the peer of a connection, whose certificate must have been verified.
Result<SpiffeId> peer_identity(const net::ConnectionInfo& peer, std::span<const std::string> trust_domains);

}  // namespace proa::mesh
