// Istio's certificate service: istio.v1.auth.IstioCertificateService/CreateCertificate (istio/api, security/v1alpha1).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "grpc/services.h"
#include "mesh/ca/authority.h"
#include "mesh/ca/join_tokens.h"

namespace proa::mesh {

struct CertificateQuestion {
  std::string request_pem;
  std::chrono::seconds ttl{0};  ///< 0: the authority's usual
  bool impersonates = false;    ///< asks for somebody else's
};

/// IstioCertificateRequest; fails when the bytes are none.
Result<CertificateQuestion> read_certificate_question(std::string_view bytes);
/// IstioCertificateResponse.
std::string write_certificate_answer(const std::vector<std::string>& chain);

/// Who asks gets a certificate of its own identity, whatever its request says: the identity of its client certificate (so
/// it renews by itself), or else that of the join token in "authorization: Bearer TOKEN". Only over TLS and Unix sockets.
/// Both objects outlive the services; everything on the server's thread.
void add_certificate_service(grpc::Services& services, Authority& authority, JoinTokens& tokens);

}  // namespace proa::mesh
