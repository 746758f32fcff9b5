// reference_grants: whether one namespace lets another refer to its objects (ReferenceGrant of the Gateway API).
#pragma once

#include <string>
#include <string_view>

#include "mesh/model/world.h"

namespace proa::mesh {

/// `kind` of the Gateway API refers from namespace `from` to an object of `to.group` and `to.kind`. Always true within
/// one namespace.
bool granted(const World& world, std::string_view kind, std::string_view from, const ObjectRef& to);

}  // namespace proa::mesh
