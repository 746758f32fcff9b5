#include "mesh/translate/reference_grants.h"

#include <algorithm>

namespace proa::mesh {

bool granted(const World& world, std::string_view kind, std::string_view from, const ObjectRef& to) {
  if (to.ns.empty() || to.ns == from) return true;
  return std::ranges::any_of(world.table<ReferenceGrant>().in(to.ns), [&](const auto& grant) {
    const bool asked = std::ranges::any_of(grant->spec.from, [&](const GrantFrom& each) {
      return each.group == "gateway.networking.k8s.io" && each.kind == kind && each.ns == from;
    });
    return asked && std::ranges::any_of(grant->spec.to, [&](const GrantTo& each) {
             return each.group == to.group && each.kind == to.kind && (each.name.empty() || each.name == to.name);
           });
  });
}

}  // namespace proa::mesh
