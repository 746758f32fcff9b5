// A client's TLS configuration, compiled, with the sessions that can be resumed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/tls/options.h"
#include "net/transport.h"

namespace proa::net::tls {

struct BaseContext;

/// Immutable but for its session cache, which has a lock that is taken once a handshake; shared by all workers. One per
/// cluster (and per certificate rotation): the cache dies with it, so no session outlives the trust it was made under.
class ClientContext {
 public:
  /// Fails with a sentence that names the setting.
  static Result<std::shared_ptr<const ClientContext>> make(const ClientTlsOptions& options);
  ~ClientContext();

  std::vector<CertificateInfo> certificates() const;
  std::vector<CertificateInfo> trusted() const;
  const std::string& sni() const;
  const std::vector<std::string>& alpn() const;
  /// Sessions in the cache, for tests and counters. Thread-safe.
  size_t session_count() const;

 private:
  friend class TlsTransport;
  struct Impl;
  explicit ClientContext(std::unique_ptr<Impl> impl);
  const BaseContext& base() const;

  std::unique_ptr<Impl> impl_;
};

}  // namespace proa::net::tls
