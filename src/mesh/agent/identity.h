// What a workload proves itself with: a certificate of the mesh, its key, and the roots that it trusts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "mesh/ca/spiffe_id.h"

namespace proa::mesh {

/// Immutable. The key is in no text that is made of it but file_text().
struct Identity {
  SpiffeId id{};
  std::string chain_pem{};  ///< leaf first, without roots
  std::string key_pem{};
  std::string roots_pem{};
  std::string serial{};  ///< of the leaf
  WallTime valid_until{};
};

/// From the certificates that an authority gave: the leaf, what signed it, and roots anywhere after it; a root signs itself
/// (Istio's answer has one root, at its end; ours has all that are trusted). Fails when the key is not that of the leaf,
/// the leaf proves no SPIFFE identity or has expired, or there is no root.
Result<Identity> make_identity(std::string_view certificates_pem, std::string key_pem, WallTime now);

/// One file of mode 0600 with all of it, key first; written as a whole or not at all.
Status write_identity(const std::string& path, const Identity& identity);
/// Nothing when there is no such file. Fails when others may read it, or for what make_identity refuses.
Result<std::optional<Identity>> read_identity(const std::string& path, WallTime now);

}  // namespace proa::mesh
