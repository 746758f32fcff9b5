// Well-formed UTF-8 (RFC 3629) out of any bytes.
#pragma once

#include <string>
#include <string_view>

namespace proa {

/// Each byte that is not part of a well-formed sequence becomes "!", as Envoy does before it takes bytes for text.
std::string well_formed_utf8(std::string_view bytes);

}  // namespace proa
