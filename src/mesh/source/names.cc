#include "mesh/source/names.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/problems.h"

namespace proa::mesh {

namespace {

bool lower(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool letter_or_digit(char c) { return lower(c) || (c >= 'A' && c <= 'Z'); }

/// `good` for the ends, and '-' beside it in between.
template <class Good>
bool is_label(std::string_view text, Good good) {
  return !text.empty() && text.size() <= 63 && good(text.front()) && good(text.back()) &&
         std::ranges::all_of(text, [&](char c) { return c == '-' || good(c); });
}

template <class Good>
bool is_dotted(std::string_view text, Good good) {
  if (text.empty() || text.size() > 253) return false;
  while (true) {
    const std::size_t dot = text.find('.');
    if (!is_label(text.substr(0, dot), good)) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

std::string not_a_dns_label(std::string_view text) {
  if (is_label(text, lower)) return {};
  return fmt::format("is {}, but must be at most 63 of a-z, 0-9 and '-', a '-' not at an end", config::shown(text));
}

std::string not_a_dns_subdomain(std::string_view text) {
  if (is_dotted(text, lower)) return {};
  return fmt::format("is {}, but must be labels of a-z, 0-9 and '-' with dots between", config::shown(text));
}

std::string not_a_fqdn(std::string_view text) {
  if (is_dotted(text, letter_or_digit)) return {};
  return fmt::format("is {}, which is no host name", config::shown(text));
}

std::string not_a_wildcard_domain(std::string_view text) {
  std::string_view rest = text;
  if (rest == "*") return {};
  if (rest.starts_with("*.")) rest.remove_prefix(2);
  if (is_dotted(rest, letter_or_digit)) return {};
  if (rest.find('*') != std::string_view::npos) {
    return fmt::format("is {}, but a '*' may only stand for the first label, as in *.example.com", config::shown(text));
  }
  return fmt::format("is {}, which is no host name", config::shown(text));
}

std::string not_a_label_value(std::string_view text) {
  const auto good = [](char c) { return letter_or_digit(c) || c == '-' || c == '_' || c == '.'; };
  if (text.empty() || (text.size() <= 63 && letter_or_digit(text.front()) && letter_or_digit(text.back()) &&
                       std::ranges::all_of(text, good))) {
    return {};
  }
  return fmt::format(
      "is {}, but must be at most 63 letters, digits, '-', '_' or '.', with a letter or digit at both "
      "ends",
      config::shown(text));
}

std::string not_a_label_key(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view name = slash == std::string_view::npos ? text : text.substr(slash + 1);
  const bool prefix_good = slash == std::string_view::npos || is_dotted(text.substr(0, slash), lower);
  if (prefix_good && !name.empty() && not_a_label_value(name).empty()) return {};
  return fmt::format("{} is no name of a label", config::shown(text));
}

}  // namespace proa::mesh
