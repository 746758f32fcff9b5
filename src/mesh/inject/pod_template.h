// pod_template: where a Kubernetes object has the pods that it makes.
#pragma once

#include <optional>
#include <string>

#include "config/yaml_tree.h"

namespace proa::mesh {

struct PodTemplate {
  config::Node holder;                   ///< of metadata and spec
  std::optional<config::Node> metadata;  ///< of the pods
  config::Node spec;
  std::string object{};  ///< "Deployment shop/cart"
  std::string name{};    ///< of the object: what the workload is called
  std::string ns{};      ///< empty: not written

  /// An annotation, or else a label, of the pods.
  std::optional<std::string> annotation(std::string_view key) const;
  std::optional<std::string> label(std::string_view key) const;
  /// Of that name, containers and init containers.
  bool has_container(std::string_view name) const;
};

/// Nothing for an object that makes no pods, or whose pods have no containers.
std::optional<PodTemplate> pod_template_of(config::Node object);

}  // namespace proa::mesh
