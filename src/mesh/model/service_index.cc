#include "mesh/model/service_index.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "mesh/model/declared_services.h"

namespace proa::mesh {

struct ServiceIndex::Shard {
  Workloads entries{};                                         ///< of WorkloadEntries
  Workloads all{};                                             ///< and of slices
  std::map<std::string, Workloads, std::less<>> of_service{};  ///< slices, by the Service they are of
  /// "key=value" -> those of `entries` that have the label: a selector asks for the rarest of its own.
  std::map<std::string, Workloads, std::less<>> labelled{};
  std::unordered_multimap<std::string, std::shared_ptr<const Workload>> at{};

  Workloads selected(const Labels& selector) const;
};

namespace {

std::string label(std::string_view key, std::string_view value) { return std::string(key).append("=").append(value); }

/// The port of a service at one of its workloads; 0: it does not serve it.
std::uint32_t port_at(const Workload& workload, const ServicePort& port, bool from_slice) {
  if (workload.address.starts_with("unix://")) return 1;  // there is none, but it serves
  if (const auto named = workload.ports.find(port.name); named != workload.ports.end()) return named->second;
  if (from_slice) return 0;  // a slice names all the ports it has
  if (port.target.number != 0) return port.target.number;
  if (!port.target.name.empty()) {
    const auto target = workload.ports.find(port.target.name);
    return target == workload.ports.end() ? 0 : target->second;
  }
  return port.number;
}

void append(const std::vector<std::shared_ptr<const Workload>>& workloads, const ServicePort& port, bool from_slice,
            std::vector<ServiceEndpoint>& out) {
  for (const auto& workload : workloads) {
    const std::uint32_t number = port_at(*workload, port, from_slice);
    if (number != 0) out.push_back({workload, number});
  }
}

}  // namespace

ServiceIndex::Workloads ServiceIndex::Shard::selected(const Labels& selector) const {
  const Workloads* fewest = nullptr;
  for (const auto& [key, value] : selector) {
    const auto found = labelled.find(label(key, value));
    if (found == labelled.end()) return {};
    if (fewest == nullptr || found->second.size() < fewest->size()) fewest = &found->second;
  }
  Workloads out;
  if (fewest == nullptr) return out;
  std::ranges::copy_if(*fewest, std::back_inserter(out),
                       [&](const auto& workload) { return selects(selector, workload->labels); });
  return out;
}

ServiceIndex::ServiceIndex(const ServiceIndex& before, const ServiceTables& old, const ServiceTables& now,
                           std::string_view domain)
    : services_(before.services_), named_(before.named_), shards_(before.shards_) {
  std::set<std::string, std::less<>> namespaces;
  const auto collect = [&](const auto& table) {
    for (const auto& [ns, rows] : table.namespaces()) namespaces.insert(ns);
  };
  for (const ServiceTables* tables : {&old, &now}) {
    collect(tables->entries), collect(tables->workloads), collect(tables->services), collect(tables->slices);
  }
  bool renamed = false;
  for (const std::string& ns : namespaces) {
    if (!now.entries.same_in(old.entries, ns) || !now.services.same_in(old.services, ns)) {
      renamed = true;
      auto services = std::make_shared<Services>();
      for (const auto& object : now.services.in(ns)) services->push_back(declared_service(*object, domain));
      for (const auto& entry : now.entries.in(ns)) {
        for (auto& service : declared_services(*entry)) services->push_back(std::move(service));
      }
      services_.erase(ns);
      if (!services->empty()) services_.emplace(ns, std::move(services));
    }
    if (now.workloads.same_in(old.workloads, ns) && now.slices.same_in(old.slices, ns)) continue;
    auto shard = std::make_shared<Shard>();
    for (const auto& entry : now.workloads.in(ns)) {
      std::shared_ptr<const Workload> workload = declared_workload(*entry);
      for (const auto& [key, value] : workload->labels) shard->labelled[label(key, value)].push_back(workload);
      shard->entries.push_back(std::move(workload));
    }
    shard->all = shard->entries;
    for (const auto& slice : now.slices.in(ns)) {
      for (auto& workload : declared_workloads(*slice)) {
        shard->of_service[slice->spec.service].push_back(workload);
        shard->all.push_back(std::move(workload));
      }
    }
    for (const auto& workload : shard->all) shard->at.emplace(workload->address, workload);
    shards_.erase(ns);
    if (!shard->all.empty()) shards_.emplace(ns, std::move(shard));
  }
  if (!renamed) return;
  named_.clear();
  for (const auto& [ns, services] : services_) {
    for (const auto& service : *services) named_[service->hostname].push_back(service);
  }
  for (auto& [hostname, services] : named_) {
    std::ranges::stable_sort(services, [](const auto& a, const auto& b) {
      if (a->kind != b->kind) return a->kind == Kind::k8s_service;
      return a->created < b->created;
    });
  }
}

const ServiceIndex::Services& ServiceIndex::named(std::string_view hostname) const {
  static const Services kNone;
  const auto found = named_.find(hostname);
  return found == named_.end() ? kNone : found->second;
}

const ServiceIndex::Services& ServiceIndex::in(std::string_view ns) const {
  static const Services kNone;
  const auto found = services_.find(ns);
  return found == services_.end() ? kNone : *found->second;
}

std::vector<ServiceEndpoint> ServiceIndex::endpoints(const Service& service, const ServicePort& port) const {
  std::vector<ServiceEndpoint> out;
  append(service.endpoints, port, false, out);
  const bool by_name = service.resolution == Resolution::dns || service.resolution == Resolution::dns_round_robin;
  if (const auto shard = shards_.find(service.ns); shard != shards_.end()) {
    if (service.kind == Kind::k8s_service) {
      const auto slices = shard->second->of_service.find(service.name);
      if (slices != shard->second->of_service.end()) append(slices->second, port, true, out);
    }
    if (!service.selector.empty()) append(shard->second->selected(service.selector), port, false, out);
  }
  if (out.empty() && by_name && service.endpoints.empty() && service.selector.empty()) {
    auto itself = std::make_shared<Workload>();
    itself->name = itself->address = service.hostname;
    itself->ns = service.ns;
    itself->origin = service.origin;
    append({itself}, port, false, out);
  }
  return out;
}

const ServiceIndex::Workloads& ServiceIndex::workloads(std::string_view ns) const {
  static const Workloads kNone;
  const auto found = shards_.find(ns);
  return found == shards_.end() ? kNone : found->second->all;
}

ServiceIndex::Workloads ServiceIndex::at(std::string_view address) const {
  Workloads out;
  const std::string key(address);
  for (const auto& [ns, shard] : shards_) {
    const auto [first, last] = shard->at.equal_range(key);
    for (auto each = first; each != last; ++each) out.push_back(each->second);
  }
  return out;
}

ServiceIndex::Workloads ServiceIndex::of_account(std::string_view ns, std::string_view service_account) const {
  Workloads out;
  std::ranges::copy_if(workloads(ns), std::back_inserter(out),
                       [&](const auto& workload) { return workload->service_account == service_account; });
  return out;
}

}  // namespace proa::mesh
