#include "proxy/span_tags.h"

#include <fmt/format.h>

#include "http/grpc_status.h"
#include "net/transport.h"
#include "observe/response_flags.h"

namespace proa::proxy {

using http::HeaderId;
using observe::Span;
using observe::StreamInfo;

namespace {

std::string_view or_dash(std::string_view value) { return value.empty() ? "-" : value; }

std::string url(const http::RequestHead& request, size_t max_path) {
  std::string_view path = request.headers.value(HeaderId::kXEnvoyOriginalPath);
  if (path.empty()) path = request.path;
  std::string_view scheme = request.headers.value(HeaderId::kXForwardedProto);
  if (path.empty()) return {};
  return fmt::format("{}://{}{}", scheme.empty() ? request.scheme : scheme, request.authority,
                     path.substr(0, max_path));
}

void add_grpc_request_tags(const http::RequestHead& request, Span& to) {
  if (!http::is_grpc(request.headers)) return;
  to.tag("grpc.path", request.path);
  to.tag("grpc.authority", request.authority);
  to.tag("grpc.content_type", request.headers.value(HeaderId::kContentType));
  if (auto timeout = request.headers.value(HeaderId::kGrpcTimeout); !timeout.empty()) to.tag("grpc.timeout", timeout);
}

/// The statuses that Envoy takes for the server's fault.
bool is_server_error(http::GrpcStatus status) {
  using enum http::GrpcStatus;
  switch (status) {
    case kUnknown:
    case kDeadlineExceeded:
    case kUnimplemented:
    case kInternal:
    case kUnavailable:
    case kDataLoss: return true;
    default: return false;
  }
}

void add_grpc_response_tags(const StreamInfo& info, Span& to) {
  const http::HeaderList* lists[] = {info.response_trailers, info.response ? &info.response->headers : nullptr};
  for (const http::HeaderList* list : lists) {
    const http::Header* code = list ? list->find(HeaderId::kGrpcStatus) : nullptr;
    if (!code) continue;
    to.tag("grpc.status_code", code->value);
    to.tag("grpc.message", list->value(HeaderId::kGrpcMessage));
    auto status = http::parse_grpc_status(code->value);
    if (status && is_server_error(*status)) to.error = true;
    return;
  }
}

void add_common_tags(const StreamInfo& info, uint16_t status, Span& to) {
  to.tag("component", "proxy");
  if (!info.upstream_cluster_raw.empty()) {
    to.tag("upstream_cluster", info.upstream_cluster_raw);
    to.tag("upstream_cluster.name", info.upstream_cluster);
  }
  to.tag("http.status_code", std::to_string(status));
  std::string flags;
  observe::append_flags(info.flags, /*long_form=*/false, flags);
  to.tag("response_flags", or_dash(flags));
  if (status == 0 || status >= 500) to.error = true;
}

void add_event(const StreamInfo& info, MonoTime when, std::string_view name, Span& to) {
  if (when == MonoTime{}) return;
  to.events.push_back(
      {info.start_wall + std::chrono::duration_cast<WallTime::duration>(when - info.start), std::string(name)});
}

void add_upstream_events(const StreamInfo& info, Span& to) {
  add_event(info, info.upstream_first_tx, "first_upstream_tx_byte_sent", to);
  add_event(info, info.upstream_last_tx, "last_upstream_tx_byte_sent", to);
  add_event(info, info.upstream_first_rx, "first_upstream_rx_byte_received", to);
  add_event(info, info.upstream_last_rx, "last_upstream_rx_byte_received", to);
}

void add_events(const StreamInfo& info, Span& to) {
  add_event(info, info.request_end, "last_downstream_rx_byte_received", to);
  add_upstream_events(info, to);
  add_event(info, info.response_start, "first_downstream_tx_byte_sent", to);
  add_event(info, info.end, "last_downstream_tx_byte_sent", to);
}

}  // namespace

void add_request_tags(const Tracer& tracer, const StreamInfo& info, Span& to) {
  const http::RequestHead& request = *info.request;
  to.tag("node_id", tracer.node_id);
  to.tag("zone", tracer.zone);
  if (!info.request_id.empty()) to.tag("guid:x-request-id", info.request_id);
  to.tag("http.url", url(request, tracer.max_path));
  to.tag("http.method", request.method);
  to.tag("downstream_cluster", or_dash(request.headers.value(HeaderId::kXEnvoyDownstreamServiceCluster)));
  to.tag("user_agent", or_dash(request.headers.value(HeaderId::kUserAgent)));
  to.tag("http.protocol", http::to_string(info.protocol));
  if (info.downstream) {
    const net::Address& peer = info.downstream->remote;
    to.tag("peer.address", peer.is_ip() ? peer.ip() : peer.to_string());
  }
  if (auto id = request.headers.value(HeaderId::kXClientTraceId); !id.empty()) to.tag("guid:x-client-trace-id", id);
  add_grpc_request_tags(request, to);
  to.tag("request_size", std::to_string(info.bytes_received));
  to.tag("response_size", std::to_string(info.bytes_sent));
  add_common_tags(info, info.response_code, to);
  add_grpc_response_tags(info, to);
  if (tracer.verbose) add_events(info, to);
  for (const CustomTag& tag : tracer.tags) {
    if (auto value = tag.value(info)) to.tag(tag.name, *value);
  }
  if (to.error) to.tag("error", "true");
}

void add_attempt_tags(const Tracer& tracer, const StreamInfo& info, uint16_t status, Span& to) {
  to.tag("http.protocol", http::to_string(info.upstream_protocol));
  if (info.upstream_remote) {
    const net::Address& peer = *info.upstream_remote;
    to.tag("upstream_address", peer.to_string());
    to.tag("peer.address", peer.to_string());
  }
  add_common_tags(info, status, to);
  if (tracer.verbose) add_upstream_events(info, to);
  for (const CustomTag& tag : tracer.tags) {
    if (auto value = tag.value(info)) to.tag(tag.name, *value);
  }
  if (to.error) to.tag("error", "true");
}

}  // namespace proa::proxy
