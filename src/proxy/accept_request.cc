#include "proxy/accept_request.h"

#include <string>
#include "http/path_normalize.h"
#include "http/uri.h"
#include "net/transport.h"
#include "proxy/client_address.h"
#include "proxy/client_cert_header.h"
#include "proxy/request_id.h"

namespace proa::proxy {
namespace {

using filters::LocalReply;
using http::HeaderId;

LocalReply refuse(uint16_t status, std::string_view details) { return {.status = status, .details = details}; }

/// Path rules; CONNECT without a path has none.
std::optional<LocalReply> make_path_canonical(const ConnectionManager& manager, http::RequestHead& request,
                                              Arena& arena) {
  if (request.path.empty()) {
    if (request.method_id == http::Method::kConnect) return std::nullopt;
    return refuse(404, "missing_path_rejected");
  }
  if (request.path.front() != '/') {
    manager.stats->add(HttpStat::kRqNonRelativePath);
    return refuse(404, "absolute_path_rejected");
  }
  http::NormalPath normal = http::normalize_path(request.path, manager.paths, arena);
  switch (normal.verdict) {
    case http::PathVerdict::kOk: break;
    case http::PathVerdict::kReject:
      manager.stats->add(HttpStat::kRqFailedPathNormalization);
      return refuse(400, "path_normalization_failed");
    case http::PathVerdict::kRedirect: {
      manager.stats->add(HttpStat::kRqRedirectedNormalizedPath);
      auto* headers = arena.make<http::HeaderList>(arena);
      headers->add(HeaderId::kLocation, normal.path);
      LocalReply reply = refuse(307, "path_normalization_failed");
      reply.headers = headers;
      return reply;
    }
  }
  request.path = normal.path;
  return std::nullopt;
}

void make_host_canonical(const ConnectionManager& manager, http::RequestHead& request, Arena& arena) {
  const http::HostRules& rules = manager.host_rules;
  if (rules.strip_port == http::StripPort::kNone && !rules.strip_trailing_dot) return;
  if (request.method_id == http::Method::kConnect) return;  // the port is the target
  request.authority = http::canonical_authority(request.authority, rules, arena);
}

/// Fields by which a client could pass for an internal one, or steer retries and time-outs.
void strip_untrusted(const route::RouteTable& routes, bool edge, http::HeaderList& headers) {
  headers.remove_if([edge](const http::Header& header) {
    switch (header.id) {
      case HeaderId::kXEnvoyDecoratorOperation:
      case HeaderId::kXEnvoyDownstreamServiceCluster:
      case HeaderId::kXEnvoyDownstreamServiceNode:
      case HeaderId::kXEnvoyOriginalPath: return edge;
      case HeaderId::kXEnvoyRetriableStatusCodes:
      case HeaderId::kXEnvoyRetriableHeaderNames:
      case HeaderId::kXEnvoyRetryOn:
      case HeaderId::kXEnvoyRetryGrpcOn:
      case HeaderId::kXEnvoyMaxRetries:
      case HeaderId::kXEnvoyUpstreamAltStatName:
      case HeaderId::kXEnvoyUpstreamRqTimeoutMs:
      case HeaderId::kXEnvoyUpstreamRqPerTryTimeoutMs:
      case HeaderId::kXEnvoyUpstreamRqTimeoutAltResponse:
      case HeaderId::kXEnvoyUpstreamStreamDurationMs:
      case HeaderId::kXEnvoyHedgeOnPerTryTimeout:
      case HeaderId::kXEnvoyExpectedRqTimeoutMs:
      case HeaderId::kXEnvoyForceTrace:
      case HeaderId::kXEnvoyIpTags:
      case HeaderId::kXEnvoyOriginalHost: return true;
      default: return false;
    }
  });
  for (const std::string& name : routes.internal_only_headers()) headers.remove(name);
}

void set_request_id(const ConnectionManager& manager, bool edge, http::HeaderList& headers, observe::StreamInfo& info,
                    Arena& arena, uint64_t high, uint64_t low) {
  std::string_view present = headers.value(HeaderId::kXRequestId);
  if (manager.generate_request_id) {
    const bool keep = !present.empty() && (!edge || manager.preserve_external_request_id);
    if (!keep) {
      present = make_request_id(arena, high, low);
      headers.set(HeaderId::kXRequestId, present);
    }
  }
  info.request_id = present;
}

}  // namespace

std::optional<LocalReply> accept_request(const ConnectionManager& manager, const route::RouteTable& routes,
                                         http::RequestHead& request, observe::StreamInfo& info, net::Address& client,
                                         Arena& arena, uint64_t random_high, uint64_t random_low) {
  const net::ConnectionInfo& connection = *info.downstream;
  http::HeaderList& headers = request.headers;
  const std::string_view own_scheme = connection.tls ? "https" : "http";

  headers.remove(HeaderId::kXEnvoyInternal);
  ClientAddress identity = identify_client(manager, connection, headers);
  client = identity.address;
  info.remote_address = &client;
  info.internal_request = identity.internal;
  if (identity.reject_status) {
    manager.stats->add(HttpStat::kRqRejectedViaIpDetection);
    return refuse(identity.reject_status, "rejecting_because_detection_failed");
  }

  if (manager.use_remote_address && manager.xff_num_trusted_hops == 0) {
    headers.set(HeaderId::kXForwardedProto, own_scheme);
  } else if (!headers.has(HeaderId::kXForwardedProto)) {
    headers.add(HeaderId::kXForwardedProto, own_scheme);
  }
  if (manager.append_x_forwarded_port && !headers.has(HeaderId::kXForwardedPort)) {
    headers.add(HeaderId::kXForwardedPort, arena.copy(std::to_string(connection.local.port())));
  }
  if (!manager.scheme_overwrite.empty()) {
    request.scheme = manager.scheme_overwrite;
    headers.set(HeaderId::kXForwardedProto, manager.scheme_overwrite);  // two answers would be one too many
  } else if (request.scheme.empty() || request.scheme != own_scheme) {
    std::string_view forwarded = headers.value(HeaderId::kXForwardedProto);
    request.scheme = forwarded == "https" || forwarded == "http" ? forwarded : own_scheme;
  }

  if (request.authority.empty()) return refuse(400, "missing_host_header");
  if (auto reply = make_path_canonical(manager, request, arena)) return reply;
  make_host_canonical(manager, request, arena);

  if (identity.internal) {
    headers.set(HeaderId::kXEnvoyInternal, "true");
  } else {
    strip_untrusted(routes, identity.edge, headers);
  }
  if (manager.add_user_agent) {
    headers.set(HeaderId::kXEnvoyDownstreamServiceCluster, manager.service_cluster);
    if (headers.value(HeaderId::kUserAgent).empty()) headers.set(HeaderId::kUserAgent, manager.service_cluster);
    if (!manager.service_node.empty()) headers.set(HeaderId::kXEnvoyDownstreamServiceNode, manager.service_node);
  }
  if (!manager.via.empty()) {
    std::string_view before = headers.joined("via");
    headers.set(HeaderId::kVia,
                before.empty() ? std::string_view(manager.via) : arena.concat(before, ", ", manager.via));
  }
  if (identity.edge && client.is_ip()) {
    headers.set(HeaderId::kXEnvoyExternalAddress, arena.copy(client.ip()));
  }
  set_request_id(manager, identity.edge, headers, info, arena, random_high, random_low);
  update_client_cert_header(manager, connection.tls.get(), headers);
  if (!manager.early_headers.empty()) manager.early_headers.apply(headers, info, arena);
  return std::nullopt;
}

std::optional<LocalReply> accept_redirected(const ConnectionManager& manager, http::RequestHead& request,
                                            Arena& arena) {
  if (auto reply = make_path_canonical(manager, request, arena)) return reply;
  make_host_canonical(manager, request, arena);
  return std::nullopt;
}

}  // namespace proa::proxy
