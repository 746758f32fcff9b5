// Well-formed UTF-8 (RFC 3629 section 4: no overlong form, no surrogate).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace proa {

/// The bytes of the well-formed sequence at the front of `text`; 0: there is none.
size_t utf8_length(std::string_view text);
/// The offset of the first byte that is part of none, or npos.
size_t invalid_utf8(std::string_view text);
/// Each byte that is part of none becomes `instead`: "!" as Envoy's before it takes bytes for text.
std::string well_formed_utf8(std::string_view bytes, char instead = '!');

}  // namespace proa
