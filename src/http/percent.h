// Percent-encoding (RFC 3986 section 2.1).
#pragma once

#include <optional>
#include <string_view>

#include "base/arena.h"

namespace proa::http {

/// The bytes that `text` stands for; '+' stays '+'. nullopt when a '%' is not followed by two hexadecimal digits.
/// `text` itself when nothing is encoded, else made in `arena`. May hold any byte, NUL included.
std::optional<std::string_view> percent_decode(std::string_view text, Arena& arena);

/// Every byte that is not unreserved, and not in `also_plain`, as %XX in upper case.
std::string_view percent_encode(std::string_view text, Arena& arena, std::string_view also_plain = {});

/// ALPHA, DIGIT, "-", ".", "_", "~".
constexpr bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace proa::http
