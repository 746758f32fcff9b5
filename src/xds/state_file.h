// What a control plane said last, kept in a file (--state-dir), so that the proxy can start and serve without it.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "xds/protocol.h"

namespace proa::xds {

struct SavedState {
  SavedResources resources;
  WallTime at;
};

/// The file of one source in `folder`. Another proxy, or another control plane, has another one.
std::string state_path(const std::string& folder, const std::string& source, const envoy::config::core::v3::Node& node);
/// Replaces the file as a whole; only its owner may read it, as there may be private keys in it.
Status write_state(const std::string& path, const SavedResources& resources);
/// Nothing when there is none. Fails for one that was changed since it was written: no part of it is used.
Result<std::optional<SavedState>> read_state(const std::string& path);

}  // namespace proa::xds
