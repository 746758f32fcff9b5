// Changing a request's path and authority as its route asks, and the time-outs that it may take.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/clock.h"
#include "http/message.h"
#include "observe/stream_info.h"
#include "route/route.h"

namespace proa::route {

/// Rewrites path and authority, sets x-envoy-original-path, -host and (append_x_forwarded_host) x-forwarded-host, and
/// applies the route's request header operations. Precondition: route.forward(). Call it once per request.
/// `keep_original`: false with suppress_envoy_headers.
void rewrite_request(http::RequestHead& request, const Route& route, const observe::StreamInfo& info, Arena& arena,
                     bool keep_original = true);
/// auto_host_rewrite: sets the authority to the chosen endpoint's hostname; nothing when the route does not ask
/// for it or the hostname is empty.
void rewrite_host_for_endpoint(http::RequestHead& request, const Route& route, std::string_view hostname, Arena& arena,
                               bool keep_original = true);

/// `path` (with its query) with what the route matched replaced by `replacement`: a prefix, or, where the whole path
/// is matched (exact, regex, template), the whole path.
std::string replace_matched(const Route& route, std::string_view path, std::string_view replacement);

/// Appends `text`, made of untrusted parts, as part of a request target or Location: space and control bytes, which
/// would end it, as %XX.
void append_encoded(std::string_view text, std::string& out);

/// The time-outs of one request; kNever: off.
struct Timeouts {
  Milliseconds global = kNever;  ///< whole request with retries, from the last byte of the request
  Milliseconds per_try = kNever;
  Milliseconds per_try_idle = kNever;
  Milliseconds idle = kNever;  ///< only when the route sets it: see idle_set
  bool idle_set = false;
  Milliseconds max_stream_duration = kNever;  ///< only when the route sets it: see max_stream_set
  bool max_stream_set = false;
  std::optional<Milliseconds> upstream_duration = {};  ///< of each try; nullopt: the cluster's
  bool hedge_on_per_try = false;
};
/// The route's, with grpc-timeout, x-envoy-upstream-rq-timeout-ms, -per-try-timeout-ms, -stream-duration-ms and
/// x-envoy-hedge-on-per-try-timeout. With `respect_expected`, x-envoy-expected-rq-timeout-ms takes the place of
/// the route's time-out. Numbers saturate; what is no number is ignored.
Timeouts request_timeouts(const Route& route, const http::RequestHead& request, bool respect_expected = false);
/// Tells the upstream how long its try may last: x-envoy-expected-rq-timeout-ms with `envoy_headers`, and grpc-timeout
/// where the route's max_grpc_timeout bounds it. `elapsed`: since the request was complete.
void write_timeouts(const Route& route, const Timeouts& timeouts, Milliseconds elapsed, bool envoy_headers,
                    http::RequestHead& request, Arena& arena);
/// A grpc-timeout above the route's grpc_timeout_header_max becomes that.
void write_grpc_maximum(const Route& route, http::RequestHead& request, Arena& arena);

}  // namespace proa::route
