// Judges the peer's certificate: chain, revocation, pins, names. Private to this folder.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/tls/counters.h"
#include "net/tls/openssl.h"
#include "net/tls/options.h"
#include "net/transport.h"

namespace proa::net::tls {

/// The judgement of one certificate chain.
struct Verdict {
  bool accepted = false;
  bool validated = false;                           // every configured check passed
  bool untrusted = false;                           // accepted in spite of its chain
  Counter counter = Counter::kFailVerifyError;      // of a refusal
  std::string reason;                               // of a refusal
  int error = X509_V_ERR_APPLICATION_VERIFICATION;  // of OpenSSL: chooses the alert
};

/// Immutable, shared by all workers.
class Verifier {
 public:
  static Result<std::shared_ptr<const Verifier>> make(const ValidationOptions& options);

  /// `context` is what OpenSSL has prepared for the handshake: the chain as sent and the purpose. `names` replaces the
  /// configured SAN matchers when it is not empty.
  Verdict verify(X509_STORE_CTX* context, std::span<const SanMatcher> names) const;
  /// What must be checked again before a session that was verified earlier is resumed: time.
  bool may_resume(X509* peer) const;

  /// Nothing is checked.
  bool idle() const { return !has_roots() && !has_pins(); }
  /// Names of the roots, for a server's request; owned by the caller.
  STACK_OF(X509_NAME) * root_names() const;
  std::vector<CertificateInfo> describe_roots() const;
  /// What OpenSSL checks chains against; null without roots of that kind.
  X509_STORE* store() const { return store_.get(); }

 private:
  explicit Verifier(const ValidationOptions& options) : options_(options) {}
  Result<StorePtr> make_store(std::string_view ca_pem, bool system_roots);
  Status read_pins();
  bool has_roots() const { return store_ || !domains_.empty(); }
  bool has_pins() const { return !certificate_pins_.empty() || !spki_pins_.empty(); }
  bool pinned(X509* certificate) const;
  Verdict verify_chain(X509_STORE_CTX* context, X509* leaf) const;

  ValidationOptions options_;
  StorePtr store_;
  std::map<std::string, StorePtr, std::less<>> domains_;
  std::vector<X509Ptr> roots_;
  std::vector<std::string> certificate_pins_;  // 32 bytes each
  std::vector<std::string> spki_pins_;
};

}  // namespace proa::net::tls
