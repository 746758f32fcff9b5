// x-envoy-* headers that a router checks before it heeds them.
// Source: envoy.extensions.filters.http.router.v3.Router.strict_check_headers.
#pragma once

#include <span>

#include "http/headers.h"

namespace proa::route {

/// The first field with one of these names whose value does not mean anything, or nullptr. Known are
/// x-envoy-upstream-rq-timeout-ms, -rq-per-try-timeout-ms and x-envoy-max-retries (decimal numbers), x-envoy-retry-on and
/// -retry-grpc-on (lists of known conditions).
const http::Header* find_malformed(std::span<const http::HeaderId> names, const http::HeaderList& headers);

}  // namespace proa::route
