#include "proxy/transport_options.h"

#include <algorithm>
#include <functional>
#include <string>

#include "http/header_matcher.h"
#include "http/uri.h"
#include "net/address.h"

namespace proa::proxy {

namespace {

/// Of the cluster, or of some of its hosts.
bool any_socket(const upstream::ClusterSpec& spec, bool (*wants)(const upstream::TransportSocketSpec&)) {
  return wants(spec.socket) ||
         std::ranges::any_of(spec.socket_matches, wants, [](const auto& match) -> auto& { return match.socket; });
}

bool wants_proxy_header(const upstream::ClusterSpec& spec) {
  return any_socket(spec, [](const upstream::TransportSocketSpec& socket) { return socket.proxy_protocol != 0; });
}

bool wants_tlvs(const upstream::ClusterSpec& spec) {
  return any_socket(spec, [](const upstream::TransportSocketSpec& socket) { return !socket.proxy_tlvs.nothing(); });
}

/// A connection that begins with a client's addresses carries nothing but that client's requests.
void set_proxied(upstream::TransportOptions& options, const upstream::ClusterSpec& spec,
                 const net::ConnectionInfo& client) {
  options.proxied_source = client.remote;
  options.proxied_destination = client.local;
  options.hash = (options.hash ^ (client.remote.hash() * 31 + client.local.hash())) | 1;
  if (client.proxy_tlvs.empty() || !wants_tlvs(spec)) return;
  options.proxied_tlvs = client.proxy_tlvs;
  for (const net::ProxyTlv& tlv : client.proxy_tlvs) {
    options.hash = (options.hash * 31 + tlv.type * 31 + std::hash<std::string>{}(tlv.value)) | 1;
  }
}

}  // namespace

std::shared_ptr<const upstream::TransportOptions> transport_options(const upstream::ClusterSpec& spec,
                                                                    const net::ConnectionInfo& client) {
  if (!wants_proxy_header(spec)) return nullptr;
  auto options = std::make_shared<upstream::TransportOptions>();
  set_proxied(*options, spec, client);
  return options;
}

std::shared_ptr<const upstream::TransportOptions> transport_options(const upstream::ClusterSpec& spec,
                                                                    const http::RequestHead& request,
                                                                    const net::ConnectionInfo& client) {
  const upstream::HttpSpec& http = spec.http ? *spec.http : upstream::default_http();
  if (!http.auto_sni && !http.auto_san_validation) return transport_options(spec, client);
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
  if (wants_proxy_header(spec)) set_proxied(*options, spec, client);
  return options;
}

namespace {

uint64_t hash_of(const std::vector<std::string>& alpn) {
  uint64_t hash = 0;
  for (const std::string& protocol : alpn) hash = hash * 31 + std::hash<std::string>{}(protocol);
  return hash;
}

/// Nearly all requests of a worker offer the same.
std::shared_ptr<const upstream::TransportOptions> only_alpn(const std::vector<std::string>& alpn) {
  thread_local std::shared_ptr<const upstream::TransportOptions> last;
  if (last && last->alpn == alpn) return last;
  auto options = std::make_shared<upstream::TransportOptions>();
  options->alpn = alpn;
  options->hash = hash_of(alpn) | 1;
  last = options;
  return options;
}

}  // namespace

std::shared_ptr<const upstream::TransportOptions> transport_options(const upstream::ClusterSpec& spec,
                                                                    const http::RequestHead& request,
                                                                    const observe::StreamInfo& info) {
  auto options = transport_options(spec, request, *info.downstream);
  if (!info.upstream_alpn) return options;
  if (!options) return only_alpn(*info.upstream_alpn);
  auto more = std::make_shared<upstream::TransportOptions>(*options);
  more->alpn = *info.upstream_alpn;
  more->hash = (more->hash ^ hash_of(more->alpn)) | 1;
  return more;
}

}  // namespace proa::proxy
