// delegates: a VirtualService whose routes are in other VirtualServices, put together.
#pragma once

#include <memory>

#include "mesh/model/world.h"

namespace proa::mesh {

/// With each delegating route replaced by those of its delegate, whose conditions must be narrower than its own; the same
/// object where nothing is delegated. Host names of delegates' destinations are full ones.
std::shared_ptr<const VirtualService> with_delegates(const World& world, std::shared_ptr<const VirtualService> root);

}  // namespace proa::mesh
