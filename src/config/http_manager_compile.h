// HttpConnectionManager -> proxy::ConnectionManager.
#pragma once

#include <memory>

#include "config/compiler.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"
#include "proxy/connection_manager.h"

namespace proa::config {

class SupportedTable;

/// `buffer_limit`: the listener's per_connection_buffer_limit_bytes. Never null; problems are at `at`.
std::shared_ptr<const proxy::ConnectionManager> compile_http_manager(
    const envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager& from,
    size_t buffer_limit, const Site& at, Compiler& compiler);

void add_http_manager_fields(SupportedTable& table);

}  // namespace proa::config
