// Digests for what is compared with what was stored. SHA-1 only where others have stored it: it is broken as a signature.
#pragma once

#include <string>
#include <string_view>

namespace proa::net::tls {

/// The 20 bytes of a SHA-1.
std::string sha1(std::string_view bytes);
/// SHA-256 in lower-case hex.
std::string sha256_hex(std::string_view bytes);
/// In a time that does not tell how much of them is equal.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace proa::net::tls
