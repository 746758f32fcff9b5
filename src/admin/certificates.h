// The certificates that the configuration in force uses, of listeners and clusters.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "net/transport.h"
#include "proxy/server.h"

namespace proa::admin {

/// Those of one TLS context.
struct ContextCertificates {
  std::vector<net::CertificateInfo> trusted;
  std::vector<net::CertificateInfo> own;
};

/// One entry for each TLS context of a filter chain or cluster that has any certificate. Main thread.
std::vector<ContextCertificates> certificates_in_use(proxy::Server& server);

/// Whole days, 0 once it has expired.
uint64_t days_until_expiration(const net::CertificateInfo& certificate, WallTime now);
/// Of the first one to expire; nullopt when there is none.
std::optional<uint64_t> days_until_first_expiration(proxy::Server& server, WallTime now);

}  // namespace proa::admin
