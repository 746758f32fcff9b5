// Digests for what must be compared as others store it. Not for new uses: SHA-1 is broken as a signature.
#pragma once

#include <string>
#include <string_view>

namespace proa::net::tls {

/// The 20 bytes of a SHA-1.
std::string sha1(std::string_view bytes);
/// In a time that does not tell how much of them is equal.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace proa::net::tls
