// One decoded field line, and the checks of its characters that are made once, when it is decoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/header_id.h"

namespace proa::http::h2 {

/// Pseudo-header fields (RFC 9113 section 8.3, RFC 8441). kUnknown: a name that begins with ":" and is none.
enum class Pseudo : uint8_t { kNone, kMethod, kScheme, kAuthority, kPath, kStatus, kProtocol, kUnknown };
inline constexpr size_t kPseudoCount = 7;  ///< known ones, with kNone

/// What is wrong with a field by itself. Entries of compression tables remember it, so that a reference to one
/// is not checked again.
enum class FieldFault : uint8_t { kNone, kName, kValue };

struct Field {
  std::string_view name;
  std::string_view value;
  HeaderId id = HeaderId::kOther;
  Pseudo pseudo = Pseudo::kNone;
  FieldFault fault = FieldFault::kNone;
  bool sensitive = false;
};

Pseudo pseudo_of(std::string_view name);

/// The fault of a field with this name and value; pseudo-headers have their values checked elsewhere too.
FieldFault fault_of(std::string_view name, bool name_is_known, std::string_view value);

}  // namespace proa::http::h2
