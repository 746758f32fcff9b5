// TcpProxy -> proxy::TcpProxy.
#pragma once

#include <memory>

#include "config/compiler.h"
#include "envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.pb.h"
#include "proxy/tcp_proxy.h"

namespace proa::config {

class SupportedTable;

/// `sni_cluster`: the filter of that name stands before it. Never null; problems are at `at`.
std::shared_ptr<const proxy::TcpProxy> compile_tcp_proxy(
    const envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy& from, bool sni_cluster, size_t buffer_limit,
    const Site& at, Compiler& compiler);

void add_tcp_proxy_fields(SupportedTable& table);

}  // namespace proa::config
