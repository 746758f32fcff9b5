// The cookies of a request (RFC 6265 section 4.2): pairs in one or several Cookie fields.
#pragma once

#include <optional>
#include <string_view>

#include "http/header_validity.h"
#include "http/headers.h"

namespace proa::http {

struct Cookie {
  std::string_view name;
  std::string_view value;  ///< without the double quotes around it, if there are any
};

/// Calls f(Cookie) for each pair of one Cookie field's value until f returns false; returns false then. What has no
/// "=" is skipped.
template <class F>
bool for_each_cookie(std::string_view field_value, F f) {
  while (!field_value.empty()) {
    size_t end = field_value.find(';');
    std::string_view pair = field_value.substr(0, end);
    size_t equals = pair.find('=');
    if (equals != pair.npos) {
      std::string_view value = trim(pair.substr(equals + 1));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
      if (!f(Cookie{trim(pair.substr(0, equals)), value})) return false;
    }
    if (end == field_value.npos) break;
    field_value.remove_prefix(end + 1);
  }
  return true;
}

/// The same over all Cookie fields of a request.
template <class F>
bool for_each_cookie(const HeaderList& headers, F f) {
  for (const Header& header : headers.all()) {
    if (header.id == HeaderId::kCookie && !for_each_cookie(header.value, f)) return false;
  }
  return true;
}

/// The value of the first cookie of that name; nullopt when there is none.
inline std::optional<std::string_view> cookie(const HeaderList& headers, std::string_view name) {
  std::optional<std::string_view> value;
  for_each_cookie(headers, [&](Cookie each) {
    if (each.name != name) return true;
    value = each.value;
    return false;
  });
  return value;
}

}  // namespace proa::http
