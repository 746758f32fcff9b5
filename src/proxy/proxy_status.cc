#include "proxy/proxy_status.h"

#include "http/header_validity.h"
#include "observe/response_flags.h"

namespace proa::proxy {
namespace {

using http::HeaderId;
using observe::ResponseFlag;

/// An error type of RFC 9209 section 2.3, with the status that it recommends; 0: none.
struct Error {
  ResponseFlag flag;
  std::string_view name;
  uint16_t status;
};

// The first flag that is set decides, in Envoy's order.
constexpr Error kErrors[] = {
    {ResponseFlag::kFailedLocalHealthCheck, "destination_unavailable", 503},
    {ResponseFlag::kNoHealthyUpstream, "destination_unavailable", 503},
    {ResponseFlag::kUpstreamRequestTimeout, "http_response_timeout", 504},
    {ResponseFlag::kLocalReset, "connection_timeout", 504},
    {ResponseFlag::kUpstreamRemoteReset, "connection_terminated", 502},
    {ResponseFlag::kUpstreamConnectionFailure, "connection_refused", 502},
    {ResponseFlag::kUpstreamConnectionTermination, "connection_terminated", 502},
    {ResponseFlag::kUpstreamOverflow, "connection_limit_reached", 503},
    {ResponseFlag::kNoRouteFound, "destination_not_found", 500},
    {ResponseFlag::kRateLimited, "connection_limit_reached", 503},
    {ResponseFlag::kRateLimitServiceError, "connection_limit_reached", 503},
    {ResponseFlag::kUpstreamRetryLimitExceeded, "destination_unavailable", 503},
    {ResponseFlag::kStreamIdleTimeout, "http_response_timeout", 504},
    {ResponseFlag::kInvalidEnvoyRequestHeaders, "http_request_error", 0},
    {ResponseFlag::kDownstreamProtocolError, "http_request_error", 0},
    {ResponseFlag::kUpstreamMaxStreamDurationReached, "http_response_timeout", 504},
    {ResponseFlag::kNoFilterConfigFound, "proxy_configuration_error", 500},
    {ResponseFlag::kUpstreamProtocolError, "http_protocol_error", 502},
    {ResponseFlag::kNoClusterFound, "destination_unavailable", 503},
    {ResponseFlag::kDnsResolutionFailed, "dns_error", 502},
};

const Error* error_of(const observe::StreamInfo& info) {
  for (const Error& error : kErrors) {
    if (info.has(error.flag)) return &error;
  }
  return nullptr;
}

/// A string of RFC 8941 section 3.3.3, without its quotes.
void append_quoted(std::string_view text, std::string& out) {
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c >= 0x20 && c < 0x7f ? c : '?';
  }
}

void append_details(const ProxyStatusConfig& config, const observe::StreamInfo& info, std::string& out) {
  out += "; details=\"";
  append_quoted(info.response_code_details, out);
  if (config.termination_details && !info.connection_termination_details.empty()) {
    out += "; ";
    append_quoted(info.connection_termination_details, out);
  }
  if (config.response_flags) {
    out += "; ";
    observe::append_flags(info.flags, /*long_form=*/false, out);
  }
  out += '"';
}

}  // namespace

std::string proxy_status_name(std::string_view name) {
  // A token of RFC 8941 begins with a letter or "*".
  const bool begins_well = !name.empty() && (name[0] == '*' || (name[0] | 0x20) >= 'a') && (name[0] | 0x20) <= 'z';
  if (begins_well && http::is_token(name)) return std::string(name);
  std::string quoted = "\"";
  append_quoted(name, quoted);
  return quoted += '"';
}

void add_proxy_status(const ProxyStatusConfig& config, const observe::StreamInfo& info, http::ResponseHead& head) {
  const Error* error = error_of(info);
  if (!error) return;
  Arena& arena = head.headers.arena();
  std::string value(head.headers.joined("proxy-status"));
  if (!value.empty()) value += ", ";
  value += config.name;
  value += "; error=";
  value += error->name;
  if (config.details && !info.response_code_details.empty()) append_details(config, info, value);
  head.headers.set(HeaderId::kProxyStatus, arena.copy(value));
  if (config.set_recommended_code && error->status && !http::is_grpc(head.headers)) head.status = error->status;
}

}  // namespace proa::proxy
