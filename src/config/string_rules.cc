#include "config/string_rules.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <vector>

#include "config/problems.h"
#include "validate/validate.pb.h"

namespace proa::config {

namespace {

using Broken = std::optional<std::string>;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string plural(std::uint64_t n, std::string_view word) {
  return fmt::format("{} {}{}", n, word, n == 1 ? "" : "s");
}

/// The API's patterns are few and come back for every message: compiled once a thread.
const RE2& compiled(const std::string& pattern) {
  thread_local std::unordered_map<std::string, std::unique_ptr<RE2>> patterns;
  std::unique_ptr<RE2>& slot = patterns[pattern];
  if (slot == nullptr) slot = std::make_unique<RE2>(pattern, RE2::Quiet);
  return *slot;
}

bool is_ip(std::string_view value, int family) {
  unsigned char address[16];
  return inet_pton(family, std::string(value).c_str(), address) == 1;
}

/// RFC 1034 as PGV checks it: labels of letters, digits and inner hyphens, at most 63 each and 253 in all.
bool is_hostname(std::string_view value) {
  if (value.size() > 253 || value.empty()) return false;
  if (value.ends_with('.')) value.remove_suffix(1);
  while (true) {
    const std::string_view label = value.substr(0, value.find('.'));
    if (label.empty() || label.size() > 63 || label.starts_with('-') || label.ends_with('-')) return false;
    if (!std::ranges::all_of(label, [](char c) { return is_letter(c) || is_digit(c) || c == '-'; })) return false;
    if (label.size() == value.size()) return true;
    value.remove_prefix(label.size() + 1);
  }
}

bool is_uri_reference(std::string_view value) {
  return std::ranges::none_of(value, [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == '<' || c == '>' || c == '"';
  });
}

bool is_uri(std::string_view value) {
  const std::size_t colon = value.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_letter(value[0])) return false;
  return is_uri_reference(value) && std::ranges::all_of(value.substr(0, colon), [](char c) {
           return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
         });
}

bool is_uuid(std::string_view value) {
  static const RE2 form("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
  return RE2::FullMatch({value.data(), value.size()}, form);
}

bool is_email(std::string_view value) {
  const std::size_t at = value.rfind('@');
  return at != std::string_view::npos && at > 0 && at <= 64 && is_hostname(value.substr(at + 1));
}

bool is_token(char c) {  // RFC 9110 section 5.6.2
  return is_letter(c) || is_digit(c) || std::string_view("!#$%&'*+-.^_|~`").find(c) != std::string_view::npos;
}

Broken broken_header_rule(const validate::StringRules& rules, std::string_view value) {
  const bool name = rules.well_known_regex() == validate::HTTP_HEADER_NAME;
  const auto no_line_break = [](char c) { return c != '\0' && c != '\n' && c != '\r'; };
  if (!rules.strict()) {
    if (std::ranges::all_of(value, no_line_break)) return std::nullopt;
    return "must not contain a line break or NUL";
  }
  if (name) {
    std::string_view rest = value;
    if (rest.starts_with(':')) rest.remove_prefix(1);
    if (!rest.empty() && std::ranges::all_of(rest, is_token)) return std::nullopt;
    return "must be a header name: letters, digits and !#$%&'*+-.^_|~`";
  }
  const bool good = std::ranges::all_of(
      value, [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F); });
  if (good) return std::nullopt;
  return "must be a header value, without control characters";
}

Broken broken_well_known(const validate::StringRules& rules, std::string_view value) {
  using Rules = validate::StringRules;
  const auto must = [](bool good, const char* words) { return good ? Broken() : Broken(words); };
  const bool ip = is_ip(value, AF_INET) || is_ip(value, AF_INET6);
  switch (rules.well_known_case()) {
    case Rules::kEmail: return must(is_email(value), "must be an e-mail address");
    case Rules::kHostname: return must(is_hostname(value), "must be a host name");
    case Rules::kIp: return must(ip, "must be an IP address");
    case Rules::kIpv4: return must(is_ip(value, AF_INET), "must be an IPv4 address");
    case Rules::kIpv6: return must(is_ip(value, AF_INET6), "must be an IPv6 address");
    case Rules::kUri: return must(is_uri(value), "must be a URI with a scheme, like https://example.com/");
    case Rules::kUriRef: return must(is_uri_reference(value), "must be a URI or a path");
    case Rules::kAddress: return must(ip || is_hostname(value), "must be a host name or an IP address");
    case Rules::kUuid: return must(is_uuid(value), "must be a UUID");
    case Rules::kWellKnownRegex: return broken_header_rule(rules, value);
    case Rules::WELL_KNOWN_NOT_SET: break;
  }
  return std::nullopt;
}

template <class Values>
std::string listed(const Values& values) {
  std::vector<std::string> names;
  for (const std::string& value : values) names.push_back(shown(value));
  return one_of(names);
}

/// What strings and bytes have in common; `size` is in `unit`.
template <class Rules>
Broken broken_shape(const Rules& rules, std::string_view value, std::size_t size, std::string_view unit) {
  const std::string text(value);
  if (rules.has_const_() && rules.const_() != text) return fmt::format("must be {}", shown(rules.const_()));
  if (rules.has_len() && size != rules.len()) return fmt::format("must have exactly {}", plural(rules.len(), unit));
  if (rules.has_min_len() && size < rules.min_len()) {
    if (rules.min_len() == 1) return "must not be empty";
    return fmt::format("must have at least {}", plural(rules.min_len(), unit));
  }
  if (rules.has_max_len() && size > rules.max_len()) {
    return fmt::format("must have at most {}, but has {}", plural(rules.max_len(), unit), size);
  }
  if (rules.has_prefix() && !text.starts_with(rules.prefix())) {
    return fmt::format("must begin with {}", shown(rules.prefix()));
  }
  if (rules.has_suffix() && !text.ends_with(rules.suffix())) {
    return fmt::format("must end with {}", shown(rules.suffix()));
  }
  if (rules.has_contains() && text.find(rules.contains()) == std::string::npos) {
    return fmt::format("must contain {}", shown(rules.contains()));
  }
  if (rules.in_size() != 0 && std::ranges::find(rules.in(), text) == rules.in().end()) {
    return fmt::format("must be {}", listed(rules.in()));
  }
  if (std::ranges::find(rules.not_in(), text) != rules.not_in().end()) {
    return fmt::format("must not be {}", listed(rules.not_in()));
  }
  if (rules.has_pattern() && !RE2::PartialMatch(text, compiled(rules.pattern()))) {
    return fmt::format("must match the regular expression {}", rules.pattern());
  }
  return std::nullopt;
}

}  // namespace

Broken broken_rule(const validate::StringRules& rules, std::string_view value) {
  if (rules.ignore_empty() && value.empty()) return std::nullopt;
  if (auto broken = broken_shape(rules, value, characters(value), "character")) return broken;
  if (rules.has_len_bytes() && value.size() != rules.len_bytes()) {
    return fmt::format("must have exactly {}", plural(rules.len_bytes(), "byte"));
  }
  if (rules.has_min_bytes() && value.size() < rules.min_bytes()) {
    if (rules.min_bytes() == 1) return "must not be empty";
    return fmt::format("must have at least {}", plural(rules.min_bytes(), "byte"));
  }
  if (rules.has_max_bytes() && value.size() > rules.max_bytes()) {
    return fmt::format("must have at most {}, but has {}", plural(rules.max_bytes(), "byte"), value.size());
  }
  if (rules.has_not_contains() && value.find(rules.not_contains()) != std::string_view::npos) {
    return fmt::format("must not contain {}", shown(rules.not_contains()));
  }
  return broken_well_known(rules, value);
}

Broken broken_rule(const validate::BytesRules& rules, std::string_view value) {
  if (rules.ignore_empty() && value.empty()) return std::nullopt;
  if (auto broken = broken_shape(rules, value, value.size(), "byte")) return broken;
  if (rules.ip() && value.size() != 4 && value.size() != 16) return "must be an IP address of 4 or 16 bytes";
  if (rules.ipv4() && value.size() != 4) return "must be an IPv4 address of 4 bytes";
  if (rules.ipv6() && value.size() != 16) return "must be an IPv6 address of 16 bytes";
  return std::nullopt;
}

}  // namespace proa::config
