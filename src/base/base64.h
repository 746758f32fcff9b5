// Base64 (RFC 4648 section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace proa {

/// With or without the padding; nullopt for anything else that is not of the alphabet, and for a length or last bits
/// that no encoder makes.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace proa
