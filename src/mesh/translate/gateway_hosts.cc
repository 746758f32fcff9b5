#include "mesh/translate/gateway_hosts.h"

#include <algorithm>

namespace proa::mesh {

bool covered_by(std::string_view host, std::string_view pattern) {
  if (pattern == "*" || pattern == host) return true;
  if (!pattern.starts_with('*')) return false;
  if (host.starts_with('*')) host.remove_prefix(1);
  pattern.remove_prefix(1);
  return host.size() >= pattern.size() && host.ends_with(pattern);
}

Hosts server_hosts(const Hosts& written, std::string_view ns) {
  Hosts out;
  for (const std::string& host : written) {
    if (host.starts_with("./")) {
      out.push_back(std::string(ns) + host.substr(1));
    } else {
      out.push_back(host.starts_with("*/") ? host.substr(2) : host);
    }
  }
  return out;
}

Hosts hosts_for(const Hosts& server, std::string_view ns) {
  Hosts out;
  for (const std::string& host : server) {
    const std::size_t slash = host.find('/');
    if (slash == std::string::npos) {
      out.push_back(host);
    } else if (std::string_view(host).substr(0, slash) == ns) {
      out.push_back(host.substr(slash + 1));
    }
  }
  return out;
}

Hosts common_hosts(const Hosts& a, const Hosts& b) {
  Hosts out;
  const auto add = [&](const std::string& host) {
    if (std::ranges::find(out, host) == out.end()) out.push_back(host);
  };
  for (const std::string& one : a) {
    for (const std::string& other : b) {
      if (covered_by(one, other)) {
        add(one);
      } else if (covered_by(other, one)) {
        add(other);
      }
    }
  }
  return out;
}

bool more_specific(std::string_view a, std::string_view b) {
  if (a.starts_with('*') != b.starts_with('*')) return b.starts_with('*');
  return a.size() == b.size() ? a < b : a.size() > b.size();
}

}  // namespace proa::mesh
