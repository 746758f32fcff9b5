#include "mesh/model/select.h"

#include <algorithm>
#include <tuple>

namespace proa::mesh {

namespace {

template <class Map>
bool selected(const Map& selector, const Labels& labels) {
  for (const auto& [key, value] : selector) {
    const auto found = labels.find(key);
    if (found == labels.end() || found->second != value) return false;
  }
  return true;
}

/// The labels that each kind selects by, under its own name for them.
template <class Spec>
const auto& selector_of(const Spec& spec) {
  if constexpr (requires { spec.workload_selector().labels(); }) {
    return spec.workload_selector().labels();
  } else {
    return spec.selector().match_labels();
  }
}

template <class Spec>
bool attached_by_target(const Spec& spec) {
  if constexpr (requires { spec.targetref(); }) {
    if (spec.has_targetref()) return true;
  }
  if constexpr (requires { spec.targetrefs(); }) return !spec.targetrefs().empty();
  return false;
}

}  // namespace

template <class T>
std::vector<std::shared_ptr<const T>> policies_for(const World& world, std::string_view ns, const Labels& labels) {
  std::vector<std::shared_ptr<const T>> out;
  const auto add = [&](std::string_view from) {
    for (const auto& policy : world.table<T>().in(from)) {
      if (!attached_by_target(policy->spec) && selected(selector_of(policy->spec), labels)) out.push_back(policy);
    }
  };
  add(world.root_namespace());
  if (ns != world.root_namespace()) add(ns);
  return out;
}

template std::vector<std::shared_ptr<const AuthorizationPolicy>> policies_for(const World&, std::string_view,
                                                                              const Labels&);
template std::vector<std::shared_ptr<const RequestAuthentication>> policies_for(const World&, std::string_view,
                                                                                const Labels&);
template std::vector<std::shared_ptr<const PeerAuthentication>> policies_for(const World&, std::string_view,
                                                                             const Labels&);
template std::vector<std::shared_ptr<const Telemetry>> policies_for(const World&, std::string_view, const Labels&);
template std::vector<std::shared_ptr<const ProxyConfig>> policies_for(const World&, std::string_view, const Labels&);
template std::vector<std::shared_ptr<const EnvoyFilter>> policies_for(const World&, std::string_view, const Labels&);

std::shared_ptr<const Sidecar> sidecar_for(const World& world, std::string_view ns, const Labels& labels) {
  const auto& table = world.table<Sidecar>();
  const auto has_selector = [](const auto& sidecar) { return !sidecar->spec.workload_selector().labels().empty(); };
  for (const auto& sidecar : table.in(ns)) {
    if (has_selector(sidecar) && selected(sidecar->spec.workload_selector().labels(), labels)) return sidecar;
  }
  for (const std::string_view from : {ns, std::string_view(world.root_namespace())}) {
    for (const auto& sidecar : table.in(from)) {
      if (!has_selector(sidecar)) return sidecar;
    }
  }
  return nullptr;
}

std::vector<std::shared_ptr<const Gateway>> gateways_for(const World& world, std::string_view ns, const Labels& labels,
                                                         bool own_namespace_only) {
  std::vector<std::shared_ptr<const Gateway>> out;
  for (const auto& [from, gateways] : world.table<Gateway>().namespaces()) {
    if (own_namespace_only && from != ns) continue;
    for (const auto& gateway : *gateways) {
      if (selected(gateway->spec.selector(), labels)) out.push_back(gateway);
    }
  }
  std::ranges::sort(out, [](const auto& a, const auto& b) {
    return std::tie(a->meta.created, a->meta.name, a->meta.ns) < std::tie(b->meta.created, b->meta.name, b->meta.ns);
  });
  return out;
}

bool visible(const std::vector<std::string>& export_to, const std::vector<std::string>& fallback, std::string_view ns,
             std::string_view from) {
  return std::ranges::any_of(export_to.empty() ? fallback : export_to, [&](const std::string& to) {
    return to == "*" || (to == "." && ns == from) || to == from;
  });
}

}  // namespace proa::mesh
