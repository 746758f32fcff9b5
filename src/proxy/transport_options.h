// What a request changes about the upstream connection it needs: the server name and who the certificate must be for.
#pragma once

#include <memory>

#include "http/message.h"
#include "observe/stream_info.h"
#include "upstream/connection_factory.h"

namespace proa::proxy {

/// Null: the cluster's own. Requests with equal options share connections.
std::shared_ptr<const upstream::TransportOptions> transport_options(const upstream::ClusterSpec& spec,
                                                                    const http::RequestHead& request,
                                                                    const net::ConnectionInfo& client);
/// The same with what filters asked for: info.upstream_alpn.
std::shared_ptr<const upstream::TransportOptions> transport_options(const upstream::ClusterSpec& spec,
                                                                    const http::RequestHead& request,
                                                                    const observe::StreamInfo& info);
/// The same for a relayed connection.
std::shared_ptr<const upstream::TransportOptions> transport_options(const upstream::ClusterSpec& spec,
                                                                    const net::ConnectionInfo& client);

}  // namespace proa::proxy
