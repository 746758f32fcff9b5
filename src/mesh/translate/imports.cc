#include "mesh/translate/imports.h"

#include <algorithm>

namespace proa::mesh {

namespace {

bool covers(std::string_view pattern, std::string_view host) {
  if (pattern == "*" || pattern == host) return true;
  return pattern.starts_with("*.") && host.size() >= pattern.size() && host.ends_with(pattern.substr(1));
}

}  // namespace

Imports::Imports(const Sidecar* sidecar, std::string_view own) {
  if (sidecar == nullptr || sidecar->spec.egress().empty()) {
    included_.push_back({"*", "*"});
    return;
  }
  for (const auto& listener : sidecar->spec.egress()) {
    for (const std::string& text : listener.hosts()) add(text, own);
  }
}

Imports::Imports(const istio::networking::v1alpha3::IstioEgressListener& listener, std::string_view own) {
  for (const std::string& text : listener.hosts()) add(text, own);
}

bool Imports::has(std::string_view ns, std::string_view host) const {
  const auto any = [&](const std::vector<Pattern>& patterns) {
    return std::ranges::any_of(patterns, [&](const Pattern& each) {
      return (each.ns == "*" || each.ns == ns) && (covers(each.host, host) || covers(host, each.host));
    });
  };
  return any(included_) && !any(excluded_);
}

void Imports::add(const std::string& text, std::string_view own) {
  const std::size_t slash = text.find('/');
  Pattern pattern{text.substr(0, slash), text.substr(slash + 1)};
  if (pattern.ns == "~" && pattern.host == "*") return;  // imports nothing
  const bool exclusion = pattern.ns.starts_with('~');
  if (exclusion) pattern.ns.erase(0, 1);
  if (exclusion && pattern.ns.empty()) pattern.ns = "*";
  if (pattern.ns == ".") pattern.ns = own;
  (exclusion ? excluded_ : included_).push_back(std::move(pattern));
}

}  // namespace proa::mesh
