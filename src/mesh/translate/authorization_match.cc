#include "mesh/translate/authorization_match.h"

#include <charconv>

namespace proa::mesh {

using envoy::config::core::v3::CidrRange;
using envoy::config::route::v3::HeaderMatcher;
using envoy::type::matcher::v3::StringMatcher;

StringMatcher exact_match(std::string_view text) {
  StringMatcher out;
  out.set_exact(std::string(text));
  return out;
}

StringMatcher regex_match(std::string expression) {
  StringMatcher out;
  out.mutable_safe_regex()->set_regex(std::move(expression));
  return out;
}

StringMatcher text_match(std::string_view text, std::string_view before) {
  if (text == "*") return regex_match(".+");
  StringMatcher out;
  if (text.starts_with('*')) {
    out.set_suffix(std::string(text.substr(1)));
  } else if (text.ends_with('*')) {
    out.set_prefix(std::string(before) + std::string(text.substr(0, text.size() - 1)));
  } else {
    out.set_exact(std::string(before) + std::string(text));
  }
  return out;
}

HeaderMatcher header_match(std::string_view name, std::string_view text, bool ignore_case) {
  HeaderMatcher out;
  out.set_name(std::string(name));
  if (text == "*") {
    out.set_present_match(true);
    return out;
  }
  *out.mutable_string_match() = text_match(text);
  out.mutable_string_match()->set_ignore_case(ignore_case);
  return out;
}

std::string quoted_wildcard(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '*') {
      out += ".*";
      continue;
    }
    if (std::string_view("\\.+?()|[]{}^$").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

CidrRange cidr_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  std::uint32_t bits = address.find(':') == std::string_view::npos ? 32 : 128;
  if (slash != std::string_view::npos) std::from_chars(text.data() + slash + 1, text.data() + text.size(), bits);
  CidrRange out;
  out.set_address_prefix(std::string(address));
  out.mutable_prefix_len()->set_value(bits);
  return out;
}

std::string path_template(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (c != '{' && c != '}') out += c;
  }
  return out;
}

}  // namespace proa::mesh
