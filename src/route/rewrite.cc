#include "route/rewrite.h"

#include <algorithm>

#include "base/number.h"
#include "http/grpc_status.h"
#include "http/uri.h"
#include "route/candidates.h"

namespace proa::route {
namespace {

using http::HeaderId;

// The new path with query, or nullopt when the route leaves it.
std::optional<std::string_view> rewritten_path(const http::RequestHead& request, const Route& route,
                                               const Forward& forward, const observe::StreamInfo& info, Arena& arena) {
  std::string_view path = without_query(request.path), query = request.path.substr(path.size());
  if (auto* prefix = std::get_if<PrefixRewrite>(&forward.path_rewrite)) {
    if (prefix->prefix.empty()) return std::nullopt;
    return arena.copy(replace_matched(route, request.path, prefix->prefix));
  }
  if (auto* regex = std::get_if<http::RegexRewrite>(&forward.path_rewrite)) {
    std::string_view changed = regex->pattern.replace_all(path, regex->substitution, arena);
    return query.empty() ? changed : arena.concat(changed, query);
  }
  if (auto* text = std::get_if<PathTemplateRewrite>(&forward.path_rewrite)) {
    auto* match = std::get_if<PathTemplate>(&route.match->path);
    if (!match) return std::nullopt;
    std::string_view changed = text->rewrite.rewrite(path, match->uri_template, arena);
    return query.empty() ? changed : arena.concat(changed, query);
  }
  if (auto* format = std::get_if<PathFormatRewrite>(&forward.path_rewrite)) {
    std::string changed;
    format->path.format(info, changed);
    if (changed.empty()) return std::nullopt;
    std::string target;
    append_encoded(changed, target);
    if (target.find('?') == std::string::npos) target += query;
    return arena.copy(target);
  }
  return std::nullopt;
}

// The same, and always in origin-form: an expression may have eaten the first "/".
std::optional<std::string_view> new_path(const http::RequestHead& request, const Route& route, const Forward& forward,
                                         const observe::StreamInfo& info, Arena& arena) {
  auto path = rewritten_path(request, route, forward, info, arena);
  if (path && !path->starts_with('/')) return arena.concat("/", *path);
  return path;
}

std::string_view new_host(const http::RequestHead& request, const Route& route, const Forward& forward,
                          const observe::StreamInfo& info, Arena& arena) {
  if (!route.host_rewrite_literal.empty()) return route.host_rewrite_literal;
  if (auto* literal = std::get_if<HostLiteral>(&forward.host_rewrite)) return literal->host;
  if (auto* header = std::get_if<HostFromHeader>(&forward.host_rewrite)) {
    const http::Header* found = request.headers.find(header->header);
    return found ? found->value : std::string_view();
  }
  if (auto* path = std::get_if<HostFromPath>(&forward.host_rewrite)) {
    return path->rewrite.pattern.replace_all(without_query(request.path), path->rewrite.substitution, arena);
  }
  if (auto* format = std::get_if<HostFormat>(&forward.host_rewrite)) {
    std::string text;
    format->host.format(info, text);
    return arena.copy(text);
  }
  return {};
}

void set_authority(http::RequestHead& request, const Forward& forward, std::string_view host, Arena& arena,
                   bool keep_original) {
  if (host.empty() || host == request.authority) return;
  if (keep_original && !request.authority.empty()) {
    request.headers.set(HeaderId::kXEnvoyOriginalHost, request.authority);
  }
  if (forward.append_x_forwarded_host && !request.authority.empty()) {
    std::string_view before = request.headers.value(HeaderId::kXForwardedHost);
    std::string_view value = before.empty() ? request.authority : arena.concat(before, ",", request.authority);
    // Not twice for the same host, when a request is tried again.
    if (before != request.authority && !before.ends_with(request.authority)) {
      request.headers.set(HeaderId::kXForwardedHost, value);
    }
  }
  request.authority = host;
}

// A whole number of milliseconds; saturates; nullopt when absent or no number.
std::optional<Milliseconds> header_milliseconds(const http::HeaderList& headers, HeaderId id) {
  auto value = parse_decimal<uint64_t>(headers.value(id));
  if (!value) return std::nullopt;
  constexpr uint64_t kMost = 1'000'000'000'000;  // 31 years
  return Milliseconds(static_cast<int64_t>(std::min(*value, kMost)));
}

// 0 is off.
Milliseconds or_never(Milliseconds value) { return value.count() == 0 ? kNever : value; }

// 0 stands for no time-out at all, so that an offset never makes one of it.
Milliseconds less(Milliseconds value, Milliseconds offset) { return offset < value ? value - offset : value; }
Milliseconds at_most(Milliseconds value, Milliseconds maximum) {
  return maximum.count() > 0 && (value > maximum || value.count() == 0) ? maximum : value;
}

}  // namespace

void append_encoded(std::string_view text, std::string& out) {
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte != 0x7f) {
      out += c;
      continue;
    }
    out += '%';
    out += "0123456789ABCDEF"[byte >> 4];
    out += "0123456789ABCDEF"[byte & 15];
  }
}

std::string replace_matched(const Route& route, std::string_view path, std::string_view replacement) {
  size_t matched = without_query(path).size();
  if (auto* prefix = std::get_if<PathPrefix>(&route.match->path)) matched = std::min(matched, prefix->prefix.size());
  if (auto* prefix = std::get_if<PathSegments>(&route.match->path)) matched = std::min(matched, prefix->prefix.size());
  std::string result(replacement);
  result += path.substr(matched);
  return result;
}

void rewrite_request(http::RequestHead& request, const Route& route, const observe::StreamInfo& info, Arena& arena,
                     bool keep_original) {
  const Forward& forward = *route.forward();
  // Header operations see the request as it came: Envoy evaluates them before it rewrites path and authority.
  route.request_headers.apply(request.headers, info, arena);
  // Both see the path as it came.
  std::string_view host = new_host(request, route, forward, info, arena);
  if (!http::is_authority(host)) host = {};  // made of the request, it may be anything
  if (auto path = new_path(request, route, forward, info, arena)) {
    if (keep_original) request.headers.set(HeaderId::kXEnvoyOriginalPath, request.path);
    request.path = *path;
  }
  // As in Envoy, the literal of a weighted cluster leaves no trace of the host as it came.
  set_authority(request, forward, host, arena, keep_original && route.host_rewrite_literal.empty());
}

void rewrite_host_for_endpoint(http::RequestHead& request, const Route& route, std::string_view hostname, Arena& arena,
                               bool keep_original) {
  const Forward* forward = route.forward();
  if (!forward || !route.host_rewrite_literal.empty()) return;
  if (std::holds_alternative<HostAuto>(forward->host_rewrite)) {
    set_authority(request, *forward, hostname, arena, keep_original);
  }
}

Timeouts request_timeouts(const Route& route, const http::RequestHead& request, bool respect_expected) {
  Timeouts result;
  const Forward* forward = route.forward();
  if (!forward) return result;
  const http::HeaderList& headers = request.headers;
  const auto from_grpc =
      http::is_grpc(headers) ? http::parse_grpc_timeout(headers.value(HeaderId::kGrpcTimeout)) : std::nullopt;
  result.global = forward->timeout;
  if (forward->max_grpc_timeout && http::is_grpc(headers)) {
    // No grpc-timeout means as long as it takes, up to the maximum.
    Milliseconds asked = from_grpc.value_or(Milliseconds(0));
    result.global = or_never(at_most(less(asked, forward->grpc_timeout_offset), *forward->max_grpc_timeout));
  }
  auto asked = header_milliseconds(headers, HeaderId::kXEnvoyUpstreamRqTimeoutMs);
  auto expected = respect_expected ? header_milliseconds(headers, HeaderId::kXEnvoyExpectedRqTimeoutMs) : std::nullopt;
  if (expected) {
    result.global = or_never(*expected);
  } else if (asked) {
    result.global = or_never(*asked);
  }
  if (forward->retry) {
    result.per_try = or_never(forward->retry->per_try_timeout);
    result.per_try_idle = or_never(forward->retry->per_try_idle_timeout);
  }
  if (auto value = header_milliseconds(headers, HeaderId::kXEnvoyUpstreamRqPerTryTimeoutMs)) {
    result.per_try = or_never(*value);
  }
  // A try cannot last longer than the whole.
  if (result.global != kNever && result.per_try >= result.global) result.per_try = kNever;
  if (forward->idle_timeout) {
    result.idle_set = true;
    result.idle = or_never(*forward->idle_timeout);
  }
  if (forward->max_stream_duration) {
    const MaxStreamDuration& limit = *forward->max_stream_duration;
    result.max_stream_set = limit.duration.has_value();
    result.max_stream_duration = limit.duration.value_or(kNever);
    if (from_grpc && limit.grpc_header_max) {
      result.max_stream_set = true;
      result.max_stream_duration =
          or_never(less(at_most(*from_grpc, *limit.grpc_header_max), limit.grpc_header_offset));
    }
  }
  if (auto value = header_milliseconds(headers, HeaderId::kXEnvoyUpstreamStreamDurationMs)) {
    result.upstream_duration = or_never(*value);
  }
  result.hedge_on_per_try = forward->hedge && forward->hedge->on_per_try_timeout;
  std::string_view hedge = headers.value(HeaderId::kXEnvoyHedgeOnPerTryTimeout);
  if (!hedge.empty()) result.hedge_on_per_try = hedge == "true";
  return result;
}

void write_timeouts(const Route& route, const Timeouts& timeouts, Milliseconds elapsed, bool envoy_headers,
                    http::RequestHead& request, Arena& arena) {
  // With hedging, the first try goes on after its time.
  const bool whole = timeouts.hedge_on_per_try || timeouts.per_try == kNever;
  Milliseconds expected = whole ? timeouts.global : timeouts.per_try;
  if (expected == kNever) return;
  // 0 would mean that there is no limit.
  if (timeouts.global != kNever) expected = std::min(expected, std::max(timeouts.global - elapsed, Milliseconds(1)));
  if (envoy_headers) {
    request.headers.set(HeaderId::kXEnvoyExpectedRqTimeoutMs, arena.copy(std::to_string(expected.count())));
  }
  const Forward* forward = route.forward();
  if (forward->max_grpc_timeout && !forward->max_stream_duration && http::is_grpc(request.headers)) {
    request.headers.set(HeaderId::kGrpcTimeout, http::format_grpc_timeout(expected, arena));
  }
}

void write_grpc_maximum(const Route& route, http::RequestHead& request, Arena& arena) {
  const Forward* forward = route.forward();
  if (!forward->max_stream_duration) return;
  const auto most = forward->max_stream_duration->grpc_header_max;
  if (!most || most->count() == 0 || !http::is_grpc(request.headers)) return;
  const auto asked = http::parse_grpc_timeout(request.headers.value(HeaderId::kGrpcTimeout));
  if (asked && *asked > *most) {
    request.headers.set(HeaderId::kGrpcTimeout, http::format_grpc_timeout(*most, arena));
  }
}

}  // namespace proa::route
