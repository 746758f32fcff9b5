// Tokens by which a host without a certificate joins: each good for one certificate of one identity.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "mesh/ca/spiffe_id.h"

namespace proa::mesh {

/// In a folder, one file for a token, named by its hash: the token itself is stored nowhere, several processes may use the
/// folder, and a token is taken by whoever removes its file.
class JoinTokens {
 public:
  explicit JoinTokens(std::string directory) : directory_(std::move(directory)) {}

  /// 256 random bits, to be given to the host.
  Result<std::string> create(const SpiffeId& id, std::chrono::seconds ttl, WallTime now);
  /// Uses it up, also when it has expired.
  Result<SpiffeId> redeem(std::string_view token, WallTime now);

 private:
  std::string path_of(std::string_view token) const;
  const std::string directory_;
};

}  // namespace proa::mesh
