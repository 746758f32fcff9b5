// What the proxy_protocol listener filter counts, under proxy_proto. or proxy_proto.PREFIX., with Envoy's names.
#pragma once

#include "observe/stats.h"

namespace proa::proxy {

// X(identifier, "name")
#define PROA_PROXY_PROTOCOL_STATS(X)            \
  X(NotFoundAllowed, "not_found_allowed")       \
  X(NotFoundDisallowed, "not_found_disallowed") \
  X(V1Found, "versions.v1.found")               \
  X(V1Disallowed, "versions.v1.disallowed")     \
  X(V1Error, "versions.v1.error")               \
  X(V2Found, "versions.v2.found")               \
  X(V2Disallowed, "versions.v2.disallowed")     \
  X(V2Error, "versions.v2.error")

enum class ProxyProtocolStat : uint8_t {
#define PROA_X(id, name) k##id,
  PROA_PROXY_PROTOCOL_STATS(PROA_X)
#undef PROA_X
};
extern const observe::StatSchema kProxyProtocolSchema;

}  // namespace proa::proxy
