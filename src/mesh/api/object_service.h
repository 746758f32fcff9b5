// object_service: proa.api.v1.Objects (objects.proto): what `proa apply`, `get` and `delete` ask. Whoever may call it may
// change every object: it is served only where the caller is known.
#pragma once

#include <expected>
#include <functional>
#include <string>

#include "grpc/services.h"
#include "mesh/model/world_feed.h"
#include "mesh/push/push_server.h"
#include "mesh/source/store_source.h"

namespace proa::mesh {

/// Who may call: their name for the log, or why not.
using MayCall = std::function<std::expected<std::string, grpc::CallStatus>(const net::ConnectionInfo& peer)>;

/// On the server's thread, which is that of the feed, of the store and of the push; all outlive the services. Gives what has to be called
/// with each change of the feed.
std::function<void(const WorldChange&)> add_object_service(grpc::Services& services, const WorldFeed& feed,
                                                           StoreSource& store, PushServer& push,
                                                           const MayCall& may_call);

}  // namespace proa::mesh
