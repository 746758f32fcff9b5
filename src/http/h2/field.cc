#include "http/h2/field.h"

#include "http/header_validity.h"

namespace proa::http::h2 {

Pseudo pseudo_of(std::string_view name) {
  if (name.empty() || name[0] != ':') return Pseudo::kNone;
  if (name == ":method") return Pseudo::kMethod;
  if (name == ":scheme") return Pseudo::kScheme;
  if (name == ":authority") return Pseudo::kAuthority;
  if (name == ":path") return Pseudo::kPath;
  if (name == ":status") return Pseudo::kStatus;
  if (name == ":protocol") return Pseudo::kProtocol;
  return Pseudo::kUnknown;
}

FieldFault fault_of(std::string_view name, bool name_is_known, std::string_view value) {
  if (!name_is_known && !is_lower_case_token(name)) return FieldFault::kName;
  if (value.empty()) return FieldFault::kNone;
  if (is_optional_space(value.front()) || is_optional_space(value.back())) return FieldFault::kValue;
  return is_field_value(value) ? FieldFault::kNone : FieldFault::kValue;
}

}  // namespace proa::http::h2
