#include "mesh/translate/virtual_host_domains.h"

namespace proa::mesh {

namespace {

/// Short names only for services of Kubernetes' shape whose cluster is the proxy's: "ratings" in its own namespace,
/// else "ratings.shop".
void add_short_names(std::string_view host, std::string_view proxy_domain, std::vector<std::string>& out) {
  constexpr std::string_view kSvc = ".svc.";
  const std::size_t of_proxy = proxy_domain.find(kSvc), of_host = host.find(kSvc);
  if (of_proxy == std::string_view::npos || of_host == std::string_view::npos) return;
  if (!host.ends_with(proxy_domain.substr(of_proxy))) return;
  const std::size_t dot = host.find('.');
  if (dot >= of_host) return;  // no namespace
  const std::string with_namespace(host.substr(0, of_host));
  const bool near = host.substr(dot + 1, of_host - dot - 1) == proxy_domain.substr(0, of_proxy);
  if (near) {
    out.emplace_back(host.substr(0, dot));
    out.push_back(with_namespace + ".svc");
    out.push_back(with_namespace);
  } else {
    out.push_back(with_namespace);
    out.push_back(with_namespace + ".svc");
  }
}

}  // namespace

std::vector<std::string> domains_of(const Service& service, const std::vector<std::string>& aliases,
                                    std::string_view proxy_domain) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& host) {
    out.push_back(host);
    out.push_back(host + ".");
    add_short_names(host, proxy_domain, out);
  };
  add(service.hostname);
  for (const std::string& alias : aliases) add(alias);
  if (service.kind == Kind::k8s_service && service.headless) {  // each pod has a name below the service's
    const std::size_t count = out.size();
    for (std::size_t i = 0; i < count; ++i) out.push_back("*." + out[i]);
  }
  for (const std::string& address : service.addresses) {
    if (address.find('/') != std::string::npos) continue;  // a range is no host
    out.push_back(address.find(':') == std::string::npos ? address : "[" + address + "]");
  }
  return out;
}

}  // namespace proa::mesh
