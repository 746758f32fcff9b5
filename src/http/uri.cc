#include "http/uri.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/number.h"
#include "http/header_validity.h"

namespace proa::http {
namespace {

consteval std::array<bool, 256> host_table() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<size_t>(c)] = table[static_cast<size_t>(c - 32)] = true;
  for (char c : std::string_view("-._~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kHostChar = host_table();

bool is_ipv6(std::string_view text) {
  char name[INET6_ADDRSTRLEN];
  if (text.empty() || text.size() >= sizeof(name) || text.find('\0') != text.npos) return false;
  *std::ranges::copy(text, name).out = '\0';
  in6_addr address;
  return inet_pton(AF_INET6, name, &address) == 1;
}

// SP, controls, DEL and raw bytes above 0x7f never belong to a target; '#' would start a fragment.
std::string_view check_characters(std::string_view target) {
  for (char c : target) {
    auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f) return "http1.invalid_url";
    if (c == '#') return "http1.fragment_in_url";
  }
  return {};
}

std::string_view parse_absolute(std::string_view target, Method method, RequestTarget& to) {
  size_t colon = target.find("://");
  if (colon == target.npos) return "http1.invalid_url";
  std::string_view scheme = target.substr(0, colon);
  if (equal_ignoring_case(scheme, "http"))
    to.scheme = "http";
  else if (equal_ignoring_case(scheme, "https"))
    to.scheme = "https";
  else
    return "http1.invalid_scheme";
  target.remove_prefix(colon + 3);
  size_t end = std::min(target.find_first_of("/?"), target.size());
  to.form = TargetForm::kAbsolute;
  to.authority = target.substr(0, end);
  to.path = target.substr(end);
  if (!is_authority(to.authority)) return "http1.invalid_authority";
  if (to.path.empty()) to.path = method == Method::kOptions ? "*" : "/";
  // "http://host?query" has an empty path: a path would have to be invented.
  return to.path.front() == '?' ? "http1.invalid_url" : std::string_view();
}

}  // namespace

std::string_view parse_request_target(std::string_view target, Method method, RequestTarget& to) {
  if (target.empty()) return "http1.invalid_url";
  if (auto reason = check_characters(target); !reason.empty()) return reason;
  if (method == Method::kConnect) {
    auto authority = parse_authority(target);
    if (!authority || authority->port == 0) return "http1.invalid_authority";
    to.form = TargetForm::kAuthority;
    to.authority = target;
    return {};
  }
  if (target.front() == '/') {
    to.form = TargetForm::kOrigin;
    to.path = target;
    return {};
  }
  if (target == "*") {
    if (method != Method::kOptions) return "http1.invalid_url";
    to.form = TargetForm::kAsterisk;
    to.path = target;
    return {};
  }
  return parse_absolute(target, method, to);
}

std::optional<HostPort> parse_authority(std::string_view authority) {
  HostPort parts;
  std::string_view rest;
  if (authority.starts_with('[')) {
    size_t end = authority.find(']');
    if (end == authority.npos) return std::nullopt;
    parts.host = authority.substr(1, end - 1);
    parts.ipv6 = true;
    if (!is_ipv6(parts.host)) return std::nullopt;
    rest = authority.substr(end + 1);
  } else {
    size_t end = 0;
    while (end < authority.size() && kHostChar[static_cast<unsigned char>(authority[end])]) ++end;
    if (end == 0) return std::nullopt;
    parts.host = authority.substr(0, end);
    rest = authority.substr(end);
  }
  if (rest.empty()) return parts;
  if (rest.front() != ':' || rest.size() > 6) return std::nullopt;
  auto port = parse_decimal<uint16_t>(rest.substr(1));
  if (!port || *port == 0) return std::nullopt;
  parts.port = *port;
  return parts;
}

std::string_view without_port(std::string_view authority) {
  size_t colon = authority.rfind(':');
  if (colon == authority.npos) return authority;
  size_t bracket = authority.rfind(']');
  if (bracket != authority.npos ? bracket > colon : authority.find(':') != colon) return authority;
  return authority.substr(0, colon);
}

std::string_view canonical_authority(std::string_view authority, const HostRules& rules, Arena& arena) {
  std::string_view host = without_port(authority);
  std::string_view port = authority.substr(host.size());  // with the colon
  if (!port.empty() && rules.strip_port != StripPort::kNone) {
    if (rules.strip_port == StripPort::kAny || parse_decimal<uint16_t>(port.substr(1)) == rules.listener_port) {
      port = {};
    }
  }
  if (rules.strip_trailing_dot && host.size() > 1 && host.ends_with('.')) host.remove_suffix(1);
  bool lower = std::ranges::none_of(host, [](char c) { return c >= 'A' && c <= 'Z'; });
  if (lower && port.empty()) return host;
  if (lower && host.size() + port.size() == authority.size()) return authority;
  char* text = static_cast<char*>(arena.allocate(host.size() + port.size() + 1, 1));
  char* end = std::ranges::transform(host, text, to_lower).out;
  end = std::ranges::copy(port, end).out;
  return {text, static_cast<size_t>(end - text)};
}

}  // namespace proa::http
