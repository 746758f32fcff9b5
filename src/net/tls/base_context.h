// What server and client contexts have in common. Private to this folder.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "net/tls/key_pair.h"
#include "net/tls/openssl.h"
#include "net/tls/options.h"
#include "net/tls/verifier.h"

namespace proa::net::tls {

/// The immutable base of a context: shared by all workers.
struct BaseContext {
  SslCtxPtr ssl;
  std::vector<KeyPair> pairs;
  std::shared_ptr<const Verifier> verifier;
  std::string alpn_wire;  // each name with its length before it

  /// The facts of the certificate that a connection uses as its own; empty when it has none.
  std::shared_ptr<const CertificateInfo> local_of(const SSL* connection) const;
};

/// Versions, ciphers, curves, modes, key log, certificates (one of each key type is installed: the first) and the
/// judge of the peer's certificate.
Result<BaseContext> make_base(const CommonOptions& options, const SSL_METHOD* method);

/// ALPN's wire form; fails for an empty name or one over 255 bytes.
Result<std::string> alpn_wire(const std::vector<std::string>& names);

/// Called by OpenSSL with the chain of the peer; the judgement goes through the TlsTransport of the connection.
int verify_callback(X509_STORE_CTX* context, void*);

}  // namespace proa::net::tls
