// FilterChain -> proxy::FilterChain: match, TLS, layer 4 filters and the terminal one.
#pragma once

#include <memory>
#include <optional>

#include "config/compiler.h"
#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "envoy/config/listener/v3/listener_components.pb.h"
#include "proxy/filter_chain.h"

namespace proa::config {

class SupportedTable;

/// Never null; problems are at `at`.
std::shared_ptr<const proxy::FilterChain> compile_filter_chain(const envoy::config::listener::v3::FilterChain& from,
                                                               size_t buffer_limit, const Site& at, Compiler& compiler);

/// The integer under `key` in the static layers of the runtime; later layers win.
std::optional<int64_t> runtime_integer(const envoy::config::bootstrap::v3::Bootstrap& bootstrap,
                                       const std::string& key);

void add_filter_chain_fields(SupportedTable& table);

}  // namespace proa::config
