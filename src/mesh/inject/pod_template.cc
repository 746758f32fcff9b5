#include "mesh/inject/pod_template.h"

#include <array>
#include <string_view>
#include <vector>

namespace proa::mesh {

namespace {

using config::Node;

std::optional<Node> at(const std::optional<Node>& node, std::string_view key) {
  if (!node || !node->is_mapping()) return std::nullopt;
  return node->find(key);
}

std::string text_at(const std::optional<Node>& node, std::string_view key) {
  const auto found = at(node, key);
  return found && found->is_scalar() ? std::string(found->text()) : std::string();
}

/// The way from the object to what has the pods' metadata and spec; nothing for other kinds.
std::optional<std::vector<std::string_view>> way_to_pods(std::string_view kind) {
  if (kind == "Pod") return std::vector<std::string_view>{};
  if (kind == "CronJob") return std::vector<std::string_view>{"spec", "jobTemplate", "spec", "template"};
  constexpr std::array kKinds = {"Deployment", "StatefulSet", "DaemonSet",
                                 "ReplicaSet", "Job",         "ReplicationController"};
  for (const std::string_view each : kKinds) {
    if (kind == each) return std::vector<std::string_view>{"spec", "template"};
  }
  return std::nullopt;
}

std::optional<std::string> entry_of(const std::optional<Node>& metadata, std::string_view map, std::string_view key) {
  const auto found = at(at(metadata, map), key);
  if (!found || !found->is_scalar()) return std::nullopt;
  return std::string(found->text());
}

}  // namespace

std::optional<std::string> PodTemplate::annotation(std::string_view key) const {
  return entry_of(metadata, "annotations", key);
}

std::optional<std::string> PodTemplate::label(std::string_view key) const { return entry_of(metadata, "labels", key); }

bool PodTemplate::has_container(std::string_view name) const {
  for (const char* list : {"containers", "initContainers"}) {
    const auto containers = spec.find(list);
    if (!containers || !containers->is_sequence()) continue;
    for (std::size_t i = 0; i < containers->size(); ++i) {
      if (text_at(containers->item(i), "name") == name) return true;
    }
  }
  return false;
}

std::optional<PodTemplate> pod_template_of(Node object) {
  const std::string kind = text_at(object, "kind");
  const auto way = way_to_pods(kind);
  if (!way) return std::nullopt;
  std::optional<Node> holder = object;
  for (const std::string_view step : *way) holder = at(holder, step);
  const auto spec = at(holder, "spec");
  const auto containers = at(spec, "containers");
  if (!containers || !containers->is_sequence() || containers->size() == 0) return std::nullopt;
  const auto own = object.find("metadata");
  PodTemplate out{.holder = *holder, .metadata = at(holder, "metadata"), .spec = *spec};
  out.name = text_at(own, "name");
  if (out.name.empty()) out.name = text_at(own, "generateName");
  out.ns = text_at(own, "namespace");
  out.object = kind + " " + (out.ns.empty() ? "" : out.ns + "/") + out.name;
  return out;
}

}  // namespace proa::mesh
