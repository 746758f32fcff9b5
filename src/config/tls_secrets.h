// The secrets that a TLS context names (SDS) instead of having certificates and roots inline.
#pragma once

#include <memory>
#include <vector>

#include "config/compiler.h"
#include "config/dynamic_sources.h"
#include "envoy/extensions/transport_sockets/tls/v3/tls.pb.h"

namespace proa::config {

/// Main thread. Holds the subscriptions. What a secret calls when it changes must not hold it: that is what Weak is for.
class TlsSecrets {
 public:
  using Context = envoy::extensions::transport_sockets::tls::v3::CommonTlsContext;

  /// Subscribes to every secret of `from`, where there is a control plane to ask; problems are at `at`.
  static TlsSecrets find(const Context& from, const Site& at, Compiler& compiler);
  /// Whether `from` names any.
  static bool named_in(const Context& from);

  using Weak = std::vector<std::weak_ptr<SecretSource>>;
  Weak weak() const { return {all_.begin(), all_.end()}; }
  /// Those that are gone are missing.
  static TlsSecrets from(const Weak& weak);

  const std::vector<std::shared_ptr<SecretSource>>& all() const { return all_; }
  /// Puts them into `to`, the context that they were found in, in the place of their names. Fails with the first that
  /// is not there, or is of another kind.
  Status put_into(Context& to) const;

 private:
  std::vector<std::shared_ptr<SecretSource>> all_;  ///< certificates in order, then the validation context
};

/// Tries what a secret holds: a key that does not fit its certificate, or roots that are none, are refused.
Status check_secret(const Secret& secret);

}  // namespace proa::config
