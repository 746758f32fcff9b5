// gateway_hosts: which host names a server of a Gateway and a route have in common.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace proa::mesh {

using Hosts = std::vector<std::string>;

/// Whether every name that `host` stands for is one of `pattern`: "a.example.com" and "*.a.example.com" of
/// "*.example.com", everything of "*".
bool covered_by(std::string_view host, std::string_view pattern);

/// "./a" as "shop/a" in a Gateway of the namespace shop, "*/a" as "a".
Hosts server_hosts(const Hosts& written, std::string_view ns);
/// Of the hosts of a server those that routes of a namespace may have, without the namespace.
Hosts hosts_for(const Hosts& server, std::string_view ns);
/// What both cover, in the order of `a`, each once.
Hosts common_hosts(const Hosts& a, const Hosts& b);

/// Names before wildcards, the longer before the shorter.
bool more_specific(std::string_view a, std::string_view b);

}  // namespace proa::mesh
