// What the tls_inspector listener filter counts, under tls_inspector., with Envoy's names.
#pragma once

#include "observe/stats.h"

namespace proa::proxy {

// X(identifier, "name")
#define PROA_TLS_INSPECTOR_STATS(X)                \
  X(ClientHelloTooLarge, "client_hello_too_large") \
  X(TlsFound, "tls_found")                         \
  X(TlsNotFound, "tls_not_found")                  \
  X(AlpnFound, "alpn_found")                       \
  X(AlpnNotFound, "alpn_not_found")                \
  X(SniFound, "sni_found")                         \
  X(SniNotFound, "sni_not_found")

enum class TlsInspectorStat : uint8_t {
#define PROA_X(id, name) k##id,
  PROA_TLS_INSPECTOR_STATS(PROA_X)
#undef PROA_X
};
extern const observe::StatSchema kTlsInspectorSchema;

}  // namespace proa::proxy
