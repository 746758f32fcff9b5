// names: the API's words for kinds and objects.
#pragma once

#include <optional>

#include "mesh/api/objects.pb.h"
#include "mesh/source/kind.h"

namespace proa::mesh {

namespace api = proa::api::v1;

/// Nothing for what is no kind that can be written.
std::optional<Kind> kind_of(const api::Kind& kind);
std::optional<ObjectKey> key_of(const api::Name& name);
void write_kind(Kind kind, api::Kind& out);
void write_name(const ObjectKey& key, api::Name& out);

}  // namespace proa::mesh
