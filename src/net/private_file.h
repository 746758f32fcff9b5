// Files that hold secrets.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace proa::net {

/// Replaces `path` as a whole, by a file beside it that is written, synced and renamed: whoever reads sees the old text or
/// the new one, also after a loss of power. `mode` holds from the first byte on.
Status write_file(const std::string& path, std::string_view text, unsigned mode);
/// Nothing when there is no such file.
Result<std::optional<std::string>> read_file(const std::string& path);
/// A folder of mode 0700, with those above it, unless it is there.
Status make_private_folder(const std::string& path);
/// Whether others than the owner may read it.
bool others_may_read(const std::string& path);

}  // namespace proa::net
