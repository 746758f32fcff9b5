#include "proxy/transport_options.h"

#include <functional>
#include <string>

#include "http/header_matcher.h"
#include "http/uri.h"
#include "net/address.h"

namespace proa::proxy {

std::shared_ptr<const upstream::TransportOptions> transport_options(const upstream::ClusterSpec& spec,
                                                                    const http::RequestHead& request) {
  const upstream::HttpSpec& http = spec.http ? *spec.http : upstream::default_http();
  if (!http.auto_sni && !http.auto_san_validation) return nullptr;
  std::string_view host = request.authority;
  if (!http.auto_sni_header.empty()) {
    auto given = http::request_value(request, http.auto_sni_header);
    if (given && !given->empty()) host = *given;
  }
  // A port is no part of a server's name; an address is no server name at all (RFC 6066 section 3).
  Arena arena;
  std::string name(http::canonical_authority(host, {.strip_port = http::StripPort::kAny}, arena));
  const bool is_address = net::Address::parse_ip(name, 0).has_value() || name.starts_with('[');
  auto options = std::make_shared<upstream::TransportOptions>();
  if (http.auto_sni && !is_address) options->sni = name;
  if (http.auto_san_validation) options->sans.push_back(name);
  options->hash = std::hash<std::string>{}(name) | 1;  // 0 is "the cluster's own"
  return options;
}

}  // namespace proa::proxy
