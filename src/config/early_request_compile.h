// What happens to a request before anything matches on it: who its client is, and changes to its headers.
#pragma once

#include "config/compiler.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"
#include "proxy/connection_manager.h"

namespace proa::config {

class SupportedTable;

void compile_early_request(
    const envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager& from,
    proxy::ConnectionManager& to, const Site& at);

void add_early_request_fields(SupportedTable& table);

}  // namespace proa::config
