// The mesh's certificate authority, kept in a folder.
//
//   root-cert.pem    what proxies trust: one root, or several while one takes the place of another
//   ca-cert.pem      whose key signs: the root itself, or an authority below it
//   ca-key.pem       its key
//   cert-chain.pem   only below a root of somebody else's: from ca-cert.pem upwards
//   next-*.pem       only in the first half of a rotation: who will sign
//
// These are the names of Istio's plugged-in certificates, so its folders can be given as they are.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "mesh/ca/spiffe_id.h"
#include "net/tls/issuer.h"

namespace proa::mesh {

struct AuthorityOptions {
  std::string directory;
  std::string trust_domain = "cluster.local";
  std::chrono::seconds ttl{24 * 3600};      ///< of a certificate, unless less is asked for
  std::chrono::seconds max_ttl{24 * 3600};  ///< more is not given
};

/// Not thread-safe. Private keys are in memory and in files that only their owner reads.
///
/// Rotation: rotate() makes a new root that proxies trust from then on; the old one signs until every proxy has had the
/// time of a certificate to hear of it; then the new one signs; and the old one is trusted until the last certificate that
/// it signed has expired. advance() takes these steps when they are due. No moment has a certificate that somebody does
/// not trust.
class Authority {
 public:
  /// Reads the folder; makes it (0700) with a new root when it has no key. Fails when what is there does not fit together.
  static Result<Authority> open(AuthorityOptions options, WallTime now);

  /// A certificate for the key of a PEM request, PEM each: leaf first, what signed it, other roots that are trusted, and the
  /// root last. `ttl` 0: the usual. It ends before the authority's own does.
  Result<std::vector<std::string>> certify(std::string_view request_pem, const SpiffeId& id, std::chrono::seconds ttl,
                                           WallTime now);
  /// A certificate of the control plane's own, for DNS names and an identity.
  Result<net::tls::Issued> issue_for_server(const std::vector<std::string>& dns_names, const SpiffeId& id,
                                            WallTime now);

  /// PEM of all roots to trust now.
  const std::string& roots_pem() const { return roots_pem_; }
  const AuthorityOptions& options() const { return options_; }

  Status rotate(WallTime now);
  /// Takes the step of a rotation that is due, if any; true when something has changed. A root that is made here and has
  /// a tenth of its life left is rotated.
  Result<bool> advance(WallTime now);
  bool rotating() const { return next_.has_value(); }

 private:
  explicit Authority(AuthorityOptions options) : options_(std::move(options)) {}
  std::string path(std::string_view name) const { return options_.directory + "/" + std::string(name); }
  Status load();
  Status create();
  bool made_here(std::string_view certificate_pem) const;
  Status finish_promotion();
  Status promote();
  Result<WallTime> end_of(std::chrono::seconds ttl, WallTime now) const;

  AuthorityOptions options_;
  std::optional<net::tls::Issuer> issuer_;
  std::optional<net::tls::Issued> next_;
  std::string roots_pem_;
  std::vector<std::string> chain_;  // what follows a leaf: authorities, other roots, and last the root
  WallTime issuer_from_{}, issuer_until_{};
  bool own_root_ = false;  // the signer is a root: no one else's
};

}  // namespace proa::mesh
