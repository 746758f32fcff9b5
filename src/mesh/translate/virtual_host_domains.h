// virtual_host_domains: the names a service answers to, as a proxy of some DNS domain may call it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mesh/model/service.h"

namespace proa::mesh {

/// The full name, with and without its last dot; the short ones that mean it in `proxy_domain`
/// ("shop.svc.cluster.local"); the same of `aliases`; and its virtual addresses.
std::vector<std::string> domains_of(const Service& service, const std::vector<std::string>& aliases,
                                    std::string_view proxy_domain);

}  // namespace proa::mesh
