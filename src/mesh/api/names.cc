#include "mesh/api/names.h"

namespace proa::mesh {

std::optional<Kind> kind_of(const api::Kind& kind) {
  for (const KindInfo& each : all_kinds()) {
    if (each.kind != Kind::mesh_config && each.name == kind.kind() && each.group == kind.group()) return each.kind;
  }
  return std::nullopt;
}

std::optional<ObjectKey> key_of(const api::Name& name) {
  const std::optional<Kind> kind = kind_of(name.kind());
  if (!kind || name.name().empty() || name.namespace_().empty() == info(*kind).namespaced) return std::nullopt;
  return ObjectKey{*kind, name.namespace_(), name.name()};
}

void write_kind(Kind kind, api::Kind& out) {
  out.set_group(std::string(info(kind).group));
  out.set_kind(std::string(info(kind).name));
}

void write_name(const ObjectKey& key, api::Name& out) {
  write_kind(key.kind, *out.mutable_kind());
  out.set_namespace_(key.ns);
  out.set_name(key.name);
}

}  // namespace proa::mesh
