// Base64 (RFC 4648 section 4), and its form for URLs and tokens (section 5).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace proa {

/// With or without the padding; nullopt for anything else that is not of the alphabet, and for a length or last bits
/// that no encoder makes.
std::optional<std::string> base64_decode(std::string_view text);
/// With the padding.
std::string base64_encode(std::string_view bytes);

/// "-" and "_" for "+" and "/", never with padding (RFC 7515 appendix C).
std::optional<std::string> base64url_decode(std::string_view text);
std::string base64url_encode(std::string_view bytes);

}  // namespace proa
