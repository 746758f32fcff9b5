// The Client Status Discovery Service (CSDS, gRFC A40): which proxies are connected, and what they have taken.
#pragma once

#include "grpc/services.h"
#include "mesh/push/push_server.h"

namespace proa::mesh {

/// envoy.service.status.v3.ClientStatusDiscoveryService: one ClientConfig for each stream, with the state of each resource
/// and the reason of a refusal; the resources themselves are left out. Over clear text and Unix sockets only: a workload
/// that proves an identity may read its own configuration, not the list of the others. `server` outlives the services.
void add_status_service(grpc::Services& services, PushServer& server);

}  // namespace proa::mesh
