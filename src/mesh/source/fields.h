// Fields: one mapping of a tree, read field by field into structures of our own. Kubernetes' and the Gateway API's
// objects have no protobuf whose JSON is what people write, so this is to them what the message reader is to Istio's:
// every error has its place and its path, and what was not asked for is an unknown field.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/field_path.h"
#include "config/yaml_tree.h"
#include "mesh/source/document.h"

namespace proa::mesh {

/// Lives on the stack while its mapping is read. What is null counts as absent, as in Kubernetes.
class Fields {
 public:
  /// `type` is for people: "Service", "HTTPRouteMatch". A node that is no mapping is an error and has no fields.
  Fields(const config::Node& node, const config::FieldPath& path, std::string_view type, config::Problems& problems);

  bool has(std::string_view name) { return find(name).has_value(); }
  std::optional<std::string> text(std::string_view name);
  std::string text_or(std::string_view name, std::string_view fallback = {});
  std::optional<std::int64_t> number(std::string_view name, std::int64_t least, std::int64_t most);
  std::optional<bool> boolean(std::string_view name);
  std::vector<std::string> texts(std::string_view name);
  /// A mapping of texts.
  Labels labels(std::string_view name);
  /// A text out of a few; anything else is an error that names them.
  std::optional<std::string> one_of(std::string_view name, const std::vector<std::string>& known);
  /// A number, or the name of something ("http"): IntOrString.
  struct NumberOrName {
    std::uint32_t number = 0;
    std::string name{};
  };
  std::optional<NumberOrName> number_or_name(std::string_view name);

  using Read = std::function<void(const config::Node&, const config::FieldPath&)>;
  /// A field that is a mapping, or whatever `read` makes of it.
  void object(std::string_view name, const Read& read);
  /// Each item of a list.
  void each(std::string_view name, const Read& read);
  /// Each value of a mapping, with its key as the last step of the path.
  void each_entry(std::string_view name,
                  const std::function<void(std::string_view key, const config::Node&, const config::FieldPath&)>& read);

  /// Fields that are known, and that Proa has no use for.
  void ignore(std::initializer_list<std::string_view> names);
  /// An error unless the field is there and not empty.
  void require(std::string_view name);
  /// Everything that was not asked for is an error. Call last.
  void done();

  void error(const config::Mark& at, const config::FieldPath& path, std::string what, std::string fix = {});
  /// At the field, or where it should be.
  void error(std::string_view name, std::string what, std::string fix = {});

 private:
  std::optional<config::Node> find(std::string_view name);
  std::optional<std::string> text_of(const config::Node& node, const config::FieldPath& path);
  bool is_list(const config::Node& node, const config::FieldPath& path);

  std::optional<config::Node> node_;
  const config::FieldPath& path_;
  std::string_view type_;
  config::Problems& problems_;
  std::vector<std::string> known_;
};

}  // namespace proa::mesh
