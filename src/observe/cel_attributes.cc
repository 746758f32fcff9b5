// Envoy's attributes (https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes), and what
// Istio adds of the workloads at both ends.
#include <algorithm>
#include <charconv>

#include "net/mesh_peer.h"
#include "net/transport.h"
#include "observe/access_log_filter.h"
#include "observe/cel_node.h"
#include "observe/metadata.h"

namespace proa::observe {
namespace {

using Path = std::vector<std::string>;
using Read = CelValue (*)(const StreamInfo&);

CelValue absent() { return CelError{}; }
CelValue text(std::string_view value) { return value.empty() ? absent() : CelValue(std::string(value)); }
CelValue number(uint64_t value) { return static_cast<int64_t>(value); }

template <std::string_view http::RequestHead::* field>
CelValue of_request(const StreamInfo& info) {
  return info.request ? CelValue(std::string(info.request->*field)) : absent();
}
template <http::HeaderId id>
CelValue of_request_header(const StreamInfo& info) {
  return info.request ? text(info.request->headers.value(id)) : absent();
}
template <std::string_view StreamInfo::* field>
CelValue of_info(const StreamInfo& info) {
  return text(info.*field);
}
CelValue url_path(const StreamInfo& info) {
  if (!info.request) return absent();
  return std::string(info.request->path.substr(0, info.request->path.find_first_of("?#")));
}
CelValue query(const StreamInfo& info) {
  if (!info.request) return absent();
  const size_t mark = info.request->path.find('?');
  return std::string(mark == std::string_view::npos ? "" : info.request->path.substr(mark + 1));
}
CelValue protocol(const StreamInfo& info) {
  return info.request ? CelValue(std::string(http::to_string(info.protocol))) : absent();
}
/// What content-length declares, else what has come.
CelValue request_size(const StreamInfo& info) {
  if (!info.request) return absent();
  const std::string_view declared = info.request->headers.value(http::HeaderId::kContentLength);
  uint64_t size = 0;
  auto [end, error] = std::from_chars(declared.data(), declared.data() + declared.size(), size);
  return number(!declared.empty() && error == std::errc() ? size : info.bytes_received);
}
CelValue response_code(const StreamInfo& info) { return info.response_code ? number(info.response_code) : absent(); }
CelValue grpc_status(const StreamInfo& info) { return info.response_code ? number(grpc_status_of(info)) : absent(); }

CelValue address(const net::Address* of) { return of && *of ? CelValue(of->to_string()) : absent(); }
CelValue port(const net::Address* of) { return of && of->is_ip() ? number(of->port()) : absent(); }

const net::TlsInfo* downstream_tls(const StreamInfo& info) {
  return info.downstream ? info.downstream->tls.get() : nullptr;
}
const net::TlsInfo* upstream_tls(const StreamInfo& info) { return info.upstream_tls.get(); }

using Tls = const net::TlsInfo* (*)(const StreamInfo&);
template <Tls tls>
CelValue tls_version(const StreamInfo& info) {
  return tls(info) ? text(tls(info)->version) : absent();
}
enum class Whose : uint8_t { kPeer, kLocal };
template <Tls tls, Whose whose, std::string net::CertificateInfo::* field>
CelValue of_certificate(const StreamInfo& info) {
  if (!tls(info)) return absent();
  return text((*(whose == Whose::kPeer ? tls(info)->peer : tls(info)->local)).*field);
}
template <Tls tls, Whose whose, std::vector<std::string> net::CertificateInfo::* field>
CelValue first_of_certificate(const StreamInfo& info) {
  if (!tls(info)) return absent();
  const auto& all = (*(whose == Whose::kPeer ? tls(info)->peer : tls(info)->local)).*field;
  return all.empty() ? absent() : text(all.front());
}

struct Attribute {
  std::string_view object, name;
  Read read;
};
using http::HeaderId;
using net::CertificateInfo;
constexpr Attribute kAttributes[] = {
    {"request", "path", of_request<&http::RequestHead::path>},
    {"request", "url_path", url_path},
    {"request", "host", of_request<&http::RequestHead::authority>},
    {"request", "scheme", of_request<&http::RequestHead::scheme>},
    {"request", "method", of_request<&http::RequestHead::method>},
    {"request", "referer", of_request_header<HeaderId::kReferer>},
    {"request", "useragent", of_request_header<HeaderId::kUserAgent>},
    {"request", "id", of_info<&StreamInfo::request_id>},
    {"request", "query", query},
    {"request", "protocol", protocol},
    {"request", "size", request_size},
    {"request", "total_size", [](const StreamInfo& info) { return number(info.downstream_bytes.received); }},
    {"response", "code", response_code},
    {"response", "code_details", of_info<&StreamInfo::response_code_details>},
    {"response", "grpc_status", grpc_status},
    {"response", "size", [](const StreamInfo& info) { return number(info.bytes_sent); }},
    {"response", "total_size", [](const StreamInfo& info) { return number(info.downstream_bytes.sent); }},
    {"connection", "id",
     [](const StreamInfo& info) { return info.downstream ? number(info.downstream->id) : absent(); }},
    {"connection", "mtls",
     [](const StreamInfo& info) { return CelValue(downstream_tls(info) && downstream_tls(info)->presented); }},
    {"connection", "requested_server_name",
     [](const StreamInfo& info) { return info.downstream ? text(info.downstream->sni) : absent(); }},
    {"connection", "tls_version", tls_version<downstream_tls>},
    {"connection", "termination_details", of_info<&StreamInfo::connection_termination_details>},
    {"connection", "transport_failure_reason", of_info<&StreamInfo::downstream_transport_failure_reason>},
    {"connection", "subject_peer_certificate", of_certificate<downstream_tls, Whose::kPeer, &CertificateInfo::subject>},
    {"connection", "subject_local_certificate",
     of_certificate<downstream_tls, Whose::kLocal, &CertificateInfo::subject>},
    {"connection", "uri_san_peer_certificate",
     first_of_certificate<downstream_tls, Whose::kPeer, &CertificateInfo::uri_sans>},
    {"connection", "uri_san_local_certificate",
     first_of_certificate<downstream_tls, Whose::kLocal, &CertificateInfo::uri_sans>},
    {"connection", "dns_san_peer_certificate",
     first_of_certificate<downstream_tls, Whose::kPeer, &CertificateInfo::dns_sans>},
    {"connection", "dns_san_local_certificate",
     first_of_certificate<downstream_tls, Whose::kLocal, &CertificateInfo::dns_sans>},
    {"connection", "sha256_peer_certificate_digest",
     of_certificate<downstream_tls, Whose::kPeer, &CertificateInfo::sha256>},
    {"upstream", "address", [](const StreamInfo& info) { return address(info.upstream_remote); }},
    {"upstream", "port", [](const StreamInfo& info) { return port(info.upstream_remote); }},
    {"upstream", "local_address", [](const StreamInfo& info) { return address(info.upstream_local); }},
    {"upstream", "tls_version", tls_version<upstream_tls>},
    {"upstream", "transport_failure_reason", of_info<&StreamInfo::upstream_transport_failure_reason>},
    {"upstream", "request_attempt_count", [](const StreamInfo& info) { return number(info.upstream_attempts); }},
    {"upstream", "subject_peer_certificate", of_certificate<upstream_tls, Whose::kPeer, &CertificateInfo::subject>},
    {"upstream", "uri_san_peer_certificate",
     first_of_certificate<upstream_tls, Whose::kPeer, &CertificateInfo::uri_sans>},
    {"upstream", "uri_san_local_certificate",
     first_of_certificate<upstream_tls, Whose::kLocal, &CertificateInfo::uri_sans>},
    {"source", "address", [](const StreamInfo& info) { return address(info.remote_address); }},
    {"source", "port", [](const StreamInfo& info) { return port(info.remote_address); }},
    {"destination", "address",
     [](const StreamInfo& info) { return info.downstream ? address(&info.downstream->local) : absent(); }},
    {"destination", "port",
     [](const StreamInfo& info) { return info.downstream ? port(&info.downstream->local) : absent(); }},
    {"xds", "cluster_name", of_info<&StreamInfo::upstream_cluster_raw>},
    {"xds", "route_name", of_info<&StreamInfo::route_name>},
    {"xds", "virtual_host_name", of_info<&StreamInfo::virtual_host_name>},
    {"xds", "filter_chain_name", of_info<&StreamInfo::filter_chain_name>},
};

/// Objects whose second part is a key of the caller's choice.
enum class Map : uint8_t { kNone, kRequestHeaders, kResponseHeaders, kTrailers, kFilterState };
Map map_of(const Path& path) {
  if (path[0] == "filter_state") return Map::kFilterState;
  if (path.size() < 2) return Map::kNone;
  if (path[0] == "request" && path[1] == "headers") return Map::kRequestHeaders;
  if (path[0] == "response" && path[1] == "headers") return Map::kResponseHeaders;
  if (path[0] == "response" && path[1] == "trailers") return Map::kTrailers;
  return Map::kNone;
}

std::string lower(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return out;
}

CelValue header(const http::HeaderList* headers, const std::string& name) {
  if (!headers) return absent();
  bool found = false;
  const std::string_view value = headers->joined(lower(name), &found);
  return found ? CelValue(std::string(value)) : absent();
}

CelValue of_json(const nlohmann::json* value) {
  if (!value) return absent();
  if (value->is_boolean()) return value->get<bool>();
  if (value->is_string()) return value->get<std::string>();
  if (value->is_number_integer()) return value->get<int64_t>();
  if (value->is_number()) return value->get<double>();
  if (value->is_null()) return CelNull{};
  return value->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

CelValue of_metadata(const Metadata* metadata, std::span<const std::string> path) {
  if (!metadata || path.empty()) return absent();
  return of_json(metadata->find(path[0], path.subspan(1)));
}

CelValue of_peer(const net::MeshPeer* peer, std::span<const std::string> path) {
  if (!peer || path.empty()) return absent();
  if (path[0] == "labels" && path.size() == 2) {
    for (const auto& [name, value] : peer->labels) {
      if (name == path[1]) return value;
    }
    return absent();
  }
  const std::string& field = path[0];
  if (field == "workload") return text(peer->workload);
  if (field == "namespace") return text(peer->namespace_name);
  if (field == "cluster") return text(peer->cluster);
  if (field == "service") return text(peer->canonical_name);
  if (field == "revision") return text(peer->canonical_revision);
  if (field == "app") return text(peer->app);
  if (field == "version") return text(peer->version);
  if (field == "name") return text(peer->instance);
  if (field == "type") return text(peer->workload_type());
  return absent();
}

bool is_peer(const std::string& name) { return name == "downstream_peer" || name == "upstream_peer"; }
const net::MeshPeer* peer(const std::string& name, const StreamInfo& info) {
  return name == "downstream_peer" ? info.downstream_peer : info.upstream_peer;
}

const Attribute* find(const Path& path) {
  if (path.size() != 2) return nullptr;
  const auto* found = std::ranges::find_if(
      kAttributes, [&](const Attribute& one) { return one.object == path[0] && one.name == path[1]; });
  return found == std::end(kAttributes) ? nullptr : found;
}

/// "xds" objects that are metadata: route_metadata, cluster_metadata, upstream_host_metadata; the path goes on below
/// filter_metadata.
const Metadata* xds_metadata(const Path& path, const StreamInfo& info) {
  if (path[1] == "route_metadata") return info.route_metadata;
  if (path[1] == "cluster_metadata") return info.cluster_metadata;
  return info.host_metadata;
}
bool is_xds_metadata(const Path& path) {
  return path[0] == "xds" && path.size() > 1 && path[1].ends_with("_metadata") &&
         (path[1] == "route_metadata" || path[1] == "cluster_metadata" || path[1] == "upstream_host_metadata");
}
std::span<const std::string> below(const Path& path, size_t from) {
  std::span<const std::string> rest(path);
  rest = rest.subspan(std::min(from, rest.size()));
  if (!rest.empty() && rest[0] == "filter_metadata") rest = rest.subspan(1);
  return rest;
}

}  // namespace

bool is_cel_attribute(const Path& path) {
  return map_of(path) != Map::kNone || path[0] == "metadata" || is_peer(path[0]) || is_xds_metadata(path) || find(path);
}

CelValue cel_attribute(const Path& path, const StreamInfo& info) {
  if (const Attribute* known = find(path)) return known->read(info);
  const std::span<const std::string> all(path);
  switch (map_of(path)) {
    case Map::kRequestHeaders:
      return path.size() == 3 && info.request ? header(&info.request->headers, path[2]) : absent();
    case Map::kResponseHeaders:
      return path.size() == 3 && info.response ? header(&info.response->headers, path[2]) : absent();
    case Map::kTrailers: return path.size() == 3 ? header(info.response_trailers, path[2]) : absent();
    case Map::kFilterState:
      if (path.size() > 1 && is_peer(path[1])) return of_peer(peer(path[1], info), all.subspan(2));
      return of_metadata(info.filter_state, all.subspan(1));
    case Map::kNone: break;
  }
  if (path[0] == "metadata") return of_metadata(info.dynamic_metadata, below(path, 1));
  if (is_peer(path[0])) return of_peer(peer(path[0], info), all.subspan(1));
  if (is_xds_metadata(path)) return of_metadata(xds_metadata(path, info), below(path, 2));
  return absent();
}

}  // namespace proa::observe
