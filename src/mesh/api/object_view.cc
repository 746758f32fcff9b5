#include "mesh/api/object_view.h"

#include <fmt/format.h>

#include "config/problems.h"
#include "mesh/api/names.h"
#include "mesh/api/object_text.h"

namespace proa::mesh {

std::expected<Selection, grpc::CallStatus> Selection::of(const api::ListRequest& request) {
  Selection out{.ns = request.namespace_(), .texts = !request.names_only()};
  for (const api::Kind& each : request.kinds()) {
    const std::optional<Kind> kind = kind_of(each);
    if (!kind) {
      return std::unexpected(grpc::CallStatus{
          grpc::Code::kInvalidArgument,
          fmt::format("{} is no kind of {}", config::shown(each.kind()), config::shown(each.group()))});
    }
    out.kinds.insert(*kind);
  }
  return out;
}

bool Selection::has(const ObjectKey& key) const {
  if (key.kind == Kind::mesh_config || (!kinds.empty() && !kinds.contains(key.kind))) return false;
  return ns.empty() || key.ns.empty() || key.ns == ns;
}

std::shared_ptr<const Document> ObjectView::find(const ObjectKey& key) const {
  if (auto document = feed_.document(key)) return document;
  const auto stored = store_.documents().find(key);
  return stored == store_.documents().end() ? nullptr : stored->second;
}

std::map<ObjectKey, std::shared_ptr<const Document>> ObjectView::all() const {
  std::map<ObjectKey, std::shared_ptr<const Document>> out = store_.documents();
  for (auto& document : feed_.documents()) out.insert_or_assign(document->key, std::move(document));
  return out;
}

void ObjectView::write(const Document& document, bool text, api::Object& out) const {
  const bool stored = document.meta.origin.file == store_.directory();
  write_name(document.key, *out.mutable_name());
  out.set_created(document.meta.created);
  if (stored) {
    out.set_resource_version(store_.revision_of(document.key));
  } else {
    out.set_file(fmt::format("{}:{}", document.meta.origin.file, document.meta.origin.line));
  }
  if (text) out.set_text(object_text(document, {document.meta.created, out.resource_version()}));
}

}  // namespace proa::mesh
