// A server's TLS configuration, compiled.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "net/tls/options.h"
#include "net/transport.h"

namespace proa::net::tls {

struct BaseContext;

/// Immutable and shared by all workers and connections; it costs about a millisecond and tens of KB, so there is one
/// per filter chain and never one per connection.
///
/// Certificates: with several, the one for the client's SNI is taken, an exact name before a wildcard; without a match
/// the first one of each key type. Sessions: a ticket is bound to the settings of trust and to the SNI; with others it
/// is not taken and a full handshake follows. There are no server-side session stores, no renegotiation, no
/// compression and no early data.
class ServerContext {
 public:
  /// Fails with a sentence that names the setting.
  static Result<std::shared_ptr<const ServerContext>> make(const ServerTlsOptions& options);
  ~ServerContext();

  /// Our certificates, in the order of the options.
  std::vector<CertificateInfo> certificates() const;
  /// The trusted roots that were given as PEM.
  std::vector<CertificateInfo> trusted() const;

 private:
  friend class TlsTransport;
  struct Impl;
  explicit ServerContext(std::unique_ptr<Impl> impl);
  const BaseContext& base() const;

  std::unique_ptr<Impl> impl_;
};

}  // namespace proa::net::tls
