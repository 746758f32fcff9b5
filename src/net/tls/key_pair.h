// A certificate of ours with its key and chain. Private to this folder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/tls/openssl.h"
#include "net/tls/options.h"
#include "net/transport.h"

namespace proa::net::tls {

struct KeyPair {
  X509Ptr leaf;
  KeyPtr key;
  X509ChainPtr chain;  // without the leaf; may be null
  std::string ocsp_staple;
  std::shared_ptr<const CertificateInfo> info;  // without DER: what TlsInfo::local holds
  std::vector<std::string> names;               // DNS names, lower case: "a.example.com", "*.example.com"

  int kind() const { return EVP_PKEY_get_base_id(key.get()); }
};

/// Fails when something cannot be read, when the key is not that of the certificate, and when it is too weak (RSA
/// below 2048 bits, EC other than P-256, P-384 and P-521).
Result<KeyPair> load_key_pair(const CertificateOptions& options);

}  // namespace proa::net::tls
