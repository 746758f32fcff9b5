#include "mesh/source/yaml_documents.h"

#include <fmt/format.h>
#include <google/protobuf/timestamp.pb.h>
#include <xxhash.h>

#include <memory>

#include "config/well_known.h"
#include "mesh/source/fields.h"
#include "mesh/source/names.h"

namespace proa::mesh {

namespace {

using config::FieldPath;
using config::Node;
using config::Problems;

void append_contents(const Node& node, std::string& out) {
  const std::size_t size = node.is_scalar() ? node.text().size() : node.size();
  out += static_cast<char>('0' + static_cast<int>(node.kind()) * 2 + (node.plain() ? 1 : 0));
  out.append(reinterpret_cast<const char*>(&size), sizeof size);
  if (node.is_scalar()) out += node.text();
  for (std::size_t i = 0; i < node.size(); ++i) {
    if (node.is_mapping()) append_contents(node.key(i), out);
    append_contents(node.is_mapping() ? node.value(i) : node.item(i), out);
  }
}

std::uint64_t contents_of(const Node& node) {
  std::string bytes;
  append_contents(node, bytes);
  return XXH3_64bits(bytes.data(), bytes.size());
}

class DocumentReader {
 public:
  DocumentReader(Problems& problems, Documents& out) : problems_(problems), out_(out) {}

  void read(std::shared_ptr<const config::YamlTree> tree, std::optional<Kind> implied) {
    const Node root = tree->root();
    if (implied) return keep({.kind = *implied}, {.origin = {}}, std::move(tree), root);
    object(tree, root, {});
  }

 private:
  void object(const std::shared_ptr<const config::YamlTree>& tree, const Node& node, const FieldPath& path) {
    if (!node.is_mapping()) {
      return problems_.error(node.mark(), path.str(), fmt::format("is {}, but must be an object", node.described()),
                             "an object begins with apiVersion and kind");
    }
    const std::optional<Node> version = node.find("apiVersion");
    const std::optional<Node> kind = node.find("kind");
    if (!version || !version->is_scalar() || version->text().empty()) {
      return problems_.error(node.mark(), path.str(), "has no apiVersion", "write it as in networking.istio.io/v1");
    }
    if (!kind || !kind->is_scalar() || kind->text().empty()) {
      return problems_.error(node.mark(), path.str(), "has no kind", "write it as in VirtualService");
    }
    if (kind->text() == "List" && version->text() == "v1") return list(tree, node, path);
    const auto found = find_kind(version->text(), kind->text());
    if (found) return metadata(tree, node, path, *found);
    if (found.error().foreign) {
      return problems_.warning(kind->mark(), (path / "kind").str(), found.error().what, found.error().fix);
    }
    problems_.error(kind->mark(), (path / "kind").str(), found.error().what, found.error().fix);
  }

  void list(const std::shared_ptr<const config::YamlTree>& tree, const Node& node, const FieldPath& path) {
    Fields fields(node, path, "List", problems_);
    fields.ignore({"apiVersion", "kind", "metadata"});
    fields.each("items", [&](const Node& item, const FieldPath& at) { object(tree, item, at); });
    fields.done();
  }

  void metadata(const std::shared_ptr<const config::YamlTree>& tree, const Node& node, const FieldPath& path,
                Kind kind) {
    const std::optional<Node> metadata = node.find("metadata");
    if (!metadata) {
      return problems_.error(node.mark(), path.str(), "has no metadata", "an object has a name: metadata: {name: ...}");
    }
    const std::size_t errors = problems_.errors();
    const FieldPath at = path / "metadata";
    Fields fields(*metadata, at, "metadata", problems_);
    Meta meta;
    meta.name = fields.text_or("name");
    if (meta.name.empty()) {
      if (problems_.errors() == errors) fields.error("name", "is missing");
      return;
    }
    if (const std::string wrong = not_a_dns_subdomain(meta.name); !wrong.empty()) fields.error("name", wrong);
    if (info(kind).namespaced) {
      meta.ns = fields.text_or("namespace", "default");
      if (const std::string wrong = not_a_dns_label(meta.ns); !wrong.empty()) fields.error("namespace", wrong);
    } else if (fields.has("namespace")) {
      fields.error("namespace", fmt::format("is set, but a {} has no namespace", info(kind).name), "remove it");
    }
    meta.labels = fields.labels("labels");
    meta.annotations = fields.labels("annotations");
    if (const auto created = fields.text("creationTimestamp")) {
      google::protobuf::Timestamp time;
      if (auto read = config::read_timestamp(*created, time)) {
        meta.created = time.seconds();
      } else {
        fields.error("creationTimestamp", read.error().what, read.error().fix);
      }
    }
    fields.ignore({"generateName", "uid", "resourceVersion", "generation", "managedFields", "ownerReferences",
                   "finalizers", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "clusterName"});
    fields.done();
    ObjectKey key{.kind = kind, .ns = meta.ns, .name = meta.name};
    if (problems_.errors() != errors) {
      out_.broken.push_back(std::move(key));
    } else {
      keep(std::move(key), std::move(meta), tree, node);
    }
  }

  void keep(ObjectKey key, Meta meta, std::shared_ptr<const config::YamlTree> tree, const Node& node) {
    const config::Mark mark = node.mark();
    meta.origin = {shown(key), std::string(mark.file), mark.line, mark.column};
    const std::uint64_t contents = contents_of(node);
    out_.good.push_back({std::move(key), std::move(meta), std::move(tree), node, contents});
  }

  Problems& problems_;
  Documents& out_;
};

std::optional<std::vector<config::YamlTree>> trees_of(std::string_view text, std::string_view file,
                                                      Problems& problems) {
  if (!file.ends_with(".json")) return config::read_yaml_documents(text, file, problems);
  auto tree = config::read_json(text, file, problems);
  if (!tree) return std::nullopt;
  std::vector<config::YamlTree> one;
  if (!tree->root().is_null()) one.push_back(std::move(*tree));
  return one;
}

}  // namespace

std::optional<Documents> read_documents(std::string_view text, std::string_view file, Problems& problems,
                                        std::optional<Kind> implied) {
  auto trees = trees_of(text, file, problems);
  if (!trees) return std::nullopt;
  if (implied && trees->size() > 1) {
    problems.error((*trees)[1].root().mark(), {}, "a second document begins here, but this file is one object");
    return std::nullopt;
  }
  Documents out;
  DocumentReader reader(problems, out);
  for (config::YamlTree& tree : *trees) {
    reader.read(std::make_shared<const config::YamlTree>(std::move(tree)), implied);
  }
  return out;
}

}  // namespace proa::mesh
