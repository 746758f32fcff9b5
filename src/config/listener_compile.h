// Listener -> proxy::ListenerConfig.
#pragma once

#include <memory>

#include "config/compiler.h"
#include "envoy/config/listener/v3/listener.pb.h"
#include "proxy/listener_config.h"

namespace proa::config {

class SupportedTable;

/// Never null; problems are at `at`.
std::shared_ptr<const proxy::ListenerConfig> compile_listener(const envoy::config::listener::v3::Listener& from,
                                                              const Site& at, Compiler& compiler);

void add_listener_fields(SupportedTable& table);

}  // namespace proa::config
