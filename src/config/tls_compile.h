// transport_socket of both sides -> TLS contexts, or clear text.
#pragma once

#include <memory>

#include "config/compiler.h"
#include "envoy/config/core/v3/base.pb.h"
#include "net/tls/client_context.h"
#include "net/tls/server_context.h"
#include "net/tls/slot.h"
#include "upstream/spec.h"

namespace proa::config {

class SupportedTable;

/// Null for raw_buffer, and after a problem.
std::shared_ptr<const net::tls::ServerSlot> compile_downstream_socket(
    const envoy::config::core::v3::TransportSocket& from, const Site& at, Compiler& compiler);
/// The upstream side: TLS, raw_buffer, or a PROXY header in front of either.
upstream::TransportSocketSpec compile_upstream_socket(const envoy::config::core::v3::TransportSocket& from,
                                                      const Site& at, Compiler& compiler);

void add_tls_fields(SupportedTable& table);

}  // namespace proa::config
