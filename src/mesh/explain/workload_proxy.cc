#include "mesh/explain/workload_proxy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace proa::mesh {

namespace {

std::string label(const Workload& workload, const char* name) {
  const auto found = workload.labels.find(name);
  return found == workload.labels.end() ? std::string() : found->second;
}

std::shared_ptr<const Workload> of_service(const World& world, std::string_view ns, std::string_view name) {
  for (const auto& service : world.services().in(ns)) {
    const bool called = service->name == name || service->hostname == name ||
                        service->hostname.starts_with(fmt::format("{}.{}.", name, ns));
    if (!called) continue;
    for (const ServicePort& port : service->ports) {
      const auto endpoints = world.services().endpoints(*service, port);
      if (!endpoints.empty()) return endpoints.front().workload;
    }
  }
  return nullptr;
}

/// Every workload of the namespace, and those written into its ServiceEntries.
ServiceIndex::Workloads all_of(const World& world, std::string_view ns) {
  ServiceIndex::Workloads out = world.services().workloads(ns);
  for (const auto& service : world.services().in(ns)) {
    out.insert(out.end(), service->endpoints.begin(), service->endpoints.end());
  }
  return out;
}

}  // namespace

Result<std::shared_ptr<const Workload>> workload_named(const World& world, std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == text.size()) {
    return fail(fmt::format("{} is not NAMESPACE/NAME", text));
  }
  const std::string_view ns = text.substr(0, slash), name = text.substr(slash + 1);
  const ServiceIndex::Workloads all = all_of(world, ns);
  const auto first = [&](auto is) {
    const auto found = std::ranges::find_if(all, is);
    return found == all.end() ? nullptr : *found;
  };
  auto found = first([&](const auto& each) { return each->name == name || each->address == name; });
  if (!found) found = first([&](const auto& each) { return label(*each, "app") == name; });
  if (!found) found = first([&](const auto& each) { return each->service_account == name; });
  if (!found) found = of_service(world, ns, name);
  if (found) return found;
  std::set<std::string> known;
  for (const auto& each : all) known.insert(label(*each, "app").empty() ? each->name : label(*each, "app"));
  if (known.empty()) return fail(fmt::format("there is no workload in namespace {}", ns));
  return fail(
      fmt::format("namespace {} has no workload, account or service {}; it has {}", ns, name, fmt::join(known, ", ")));
}

envoy::config::core::v3::Node node_of(const World& world, const Workload& workload, bool gateway) {
  envoy::config::core::v3::Node out;
  out.set_id(fmt::format("{}~{}~{}.{}~{}.svc.{}", gateway ? "router" : "sidecar", workload.address, workload.name,
                         workload.ns, workload.ns, world.domain()));
  out.set_user_agent_name("proa-proxy");
  auto& metadata = *out.mutable_metadata()->mutable_fields();
  const auto set = [&](const char* name, const std::string& value) {
    if (!value.empty()) metadata[name].set_string_value(value);
  };
  set("NAMESPACE", workload.ns);
  set("SERVICE_ACCOUNT", workload.service_account);
  set("INSTANCE_IPS", workload.address);
  set("NETWORK", workload.network);
  set("CLUSTER_ID", "Kubernetes");
  set("WORKLOAD_NAME", workload.name);
  auto& labels = *metadata["LABELS"].mutable_struct_value()->mutable_fields();
  for (const auto& [name, value] : workload.labels) labels[name].set_string_value(value);
  const std::string& locality = workload.locality;
  const std::size_t zone = std::min(locality.find('/'), locality.size());
  const std::size_t subzone = std::min(locality.find('/', zone + 1), locality.size());
  out.mutable_locality()->set_region(locality.substr(0, zone));
  if (zone < locality.size()) out.mutable_locality()->set_zone(locality.substr(zone + 1, subzone - zone - 1));
  if (subzone < locality.size()) out.mutable_locality()->set_sub_zone(locality.substr(subzone + 1));
  return out;
}

std::string principal_of(const World& world, const Workload& workload) {
  if (workload.service_account.empty()) return "";
  return fmt::format("spiffe://{}/ns/{}/sa/{}", world.mesh().trust_domain(), workload.ns, workload.service_account);
}

}  // namespace proa::mesh
