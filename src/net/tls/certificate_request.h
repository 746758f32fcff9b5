// PKCS #10: how a workload asks an authority for a certificate without showing its key.
#pragma once

#include <string>

#include "base/result.h"

namespace proa::net::tls {

/// PEM of both.
struct CertificateRequest {
  std::string request_pem;
  std::string key_pem;
};

/// A new EC P-256 key, and a request that proves to have it. It names nobody: the authority knows who asks.
Result<CertificateRequest> make_certificate_request();

}  // namespace proa::net::tls
