// The reason for a refusal as a server can read it.
#pragma once

#include <string>

namespace proa::xds {

/// `reason` as it may stand in error_detail: of a length that a server's log bears, and UTF-8 to the last byte. A
/// request that is not would end the stream at most servers. What is wrong with a resource may be just that.
std::string refusal_text(std::string reason);

}  // namespace proa::xds
