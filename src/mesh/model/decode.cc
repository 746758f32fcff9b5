#include "mesh/model/decode.h"

#include <fmt/format.h>

#include "config/message_reader.h"
#include "config/site.h"
#include "mesh/model/mesh_defaults.h"
#include "mesh/model/read_gateway_api.h"
#include "mesh/model/read_kubernetes.h"
#include "mesh/model/validate.h"
#include "mesh/source/fields.h"

namespace proa::mesh {

namespace {

using config::FieldPath;
using config::Node;
using config::Problems;

/// Checks the object's own fields; gives its spec, if it has one.
std::optional<Node> spec_of(const Document& document, const FieldPath& path, Problems& problems) {
  Fields fields(document.root, path, info(document.key.kind).name, problems);
  std::optional<Node> spec;
  fields.ignore({"apiVersion", "kind", "metadata", "status"});
  fields.object("spec", [&](const Node& node, const FieldPath&) { spec = node; });
  fields.done();
  return spec;
}

/// Reads a spec into its message and validates it.
template <class Spec>
void read_istio(const Node& node, const FieldPath& path, Spec& spec, Problems& problems) {
  config::Marks marks;
  const std::size_t errors = problems.errors();
  config::read_message(node, spec, marks, problems, path, {.json_names = true, .go_durations = true});
  if (problems.errors() != errors) return;
  validate(spec, config::Site(marks, problems, path));
}

void read(const Document& document, const FieldPath& path, MeshConfig::Spec& spec, Problems& problems) {
  read_istio(document.root, path, spec, problems);
  if (document.root.is_mapping()) spec = with_defaults(spec, document.root);
}

template <class Spec>
  requires std::is_base_of_v<google::protobuf::Message, Spec>
void read(const Document& document, const FieldPath& path, Spec& spec, Problems& problems) {
  const std::optional<Node> node = spec_of(document, path, problems);
  const FieldPath at = path / "spec";
  if (node) return read_istio(*node, at, spec, problems);
  // Most kinds mean something by an empty spec, and validation knows which do not.
  config::Marks marks;
  marks.set(at, document.root.mark(), document.root.mark());
  validate(spec, config::Site(marks, problems, at));
}

template <class T>
std::optional<AnyObject> decode_as(const Document& document, Problems& problems) {
  auto object = std::make_shared<T>();
  object->meta = document.meta;
  object->contents = document.contents;
  Problems own;
  const FieldPath path;
  read(document, path, object->spec, own);
  for (config::Problem problem : own.all()) {
    problem.path = document.meta.origin.object + (problem.path.empty() ? "" : ": " + problem.path);
    problems.add(std::move(problem));
  }
  if (!own.ok()) return std::nullopt;
  return AnyObject(std::shared_ptr<const T>(std::move(object)));
}

template <class... T>
struct Decoders {
  static std::optional<AnyObject> run(const Document& document, Problems& problems) {
    using Decode = std::optional<AnyObject> (*)(const Document&, Problems&);
    static constexpr Decode kByKind[] = {decode_as<T>...};
    return kByKind[static_cast<std::size_t>(document.key.kind)](document, problems);
  }
};

}  // namespace

std::optional<AnyObject> decode(const Document& document, Problems& problems) {
  return OfKinds<Decoders>::run(document, problems);
}

}  // namespace proa::mesh
