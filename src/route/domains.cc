#include "route/domains.h"

#include "http/string_matcher.h"

namespace proa::route {

Status Domains::add(std::string_view domain, uint32_t virtual_host) {
  const std::string text = http::to_lower(domain);
  auto duplicate = [&] { return fail("domain \"" + text + "\" occurs twice: each may have one virtual host"); };
  if (text.empty()) return fail("a domain is empty");
  if (text == "*") {
    if (any_ != kNone) return duplicate();
    any_ = virtual_host;
    return {};
  }
  const bool suffix = text.front() == '*', prefix = text.back() == '*';
  const std::string fixed = text.substr(suffix, text.size() - suffix - prefix);
  if (fixed.find('*') != std::string::npos || (suffix && prefix)) {
    return fail("domain \"" + text + "\" can have one \"*\", at its begin or its end");
  }
  Map& map = suffix ? suffixes_[fixed.size()] : prefix ? prefixes_[fixed.size()] : exact_;
  if (!map.emplace(fixed, virtual_host).second) return duplicate();
  return {};
}

Domains::Found Domains::find(std::string_view host) const {
  using By = Found::By;
  if (!host.empty()) {
    if (auto it = exact_.find(host); it != exact_.end()) return {it->second, By::kExact, host.size()};
    // The wildcard stands for one byte at least: "*.foo.com" does not serve ".foo.com".
    for (const auto& [size, map] : suffixes_) {
      if (size >= host.size()) continue;
      if (auto it = map.find(host.substr(host.size() - size)); it != map.end()) {
        return {it->second, By::kSuffix, size};
      }
    }
    for (const auto& [size, map] : prefixes_) {
      if (size >= host.size()) continue;
      if (auto it = map.find(host.substr(0, size)); it != map.end()) return {it->second, By::kPrefix, size};
    }
  }
  return {any_, any_ == kNone ? By::kNothing : By::kAny, 0};
}

}  // namespace proa::route
