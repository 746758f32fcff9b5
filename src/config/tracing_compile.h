// HttpConnectionManager.tracing -> proxy::Tracer.
#pragma once

#include <memory>

#include "config/compiler.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"
#include "proxy/tracer.h"

namespace proa::config {

class SupportedTable;

/// `from` has `tracing`. Without a provider the tracer decides and packs the decision into x-request-id, as Envoy's
/// does, and makes no spans.
std::shared_ptr<const proxy::Tracer> compile_tracing(
    const envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager& from, const Site& at,
    Compiler& compiler);

void add_tracing_fields(SupportedTable& table);

}  // namespace proa::config
