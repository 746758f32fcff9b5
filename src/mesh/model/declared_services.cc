#include "mesh/model/declared_services.h"

#include <fmt/format.h>

namespace proa::mesh {

namespace {

using ServiceEntrySpec = ServiceEntry::Spec;
using WorkloadEntrySpec = WorkloadEntry::Spec;

template <class Map>
Labels labels_of(const Map& map) {
  Labels out;
  for (const auto& [key, value] : map) out.emplace(key, value);
  return out;
}

template <class List>
std::vector<std::string> texts_of(const List& list) {
  return {list.begin(), list.end()};
}

std::shared_ptr<Workload> workload_of(const WorkloadEntrySpec& spec, const Meta& meta) {
  auto out = std::make_shared<Workload>();
  out->name = meta.name;
  out->ns = meta.ns;
  out->address = spec.address();
  for (const auto& [name, port] : spec.ports()) out->ports.emplace(name, port);
  out->labels = labels_of(spec.labels());
  out->network = spec.network();
  out->locality = spec.locality();
  out->weight = spec.weight();
  out->service_account = spec.service_account();
  out->origin = meta.origin;
  // As Istio has it: the label says, else whoever has an account has a proxy too.
  const auto mode = out->labels.find("security.istio.io/tlsMode");
  out->mutual_tls = mode != out->labels.end() ? mode->second == "istio" : !out->service_account.empty();
  return out;
}

Resolution resolution_of(const ServiceEntrySpec& spec) {
  switch (spec.resolution()) {
    case ServiceEntrySpec::STATIC: return Resolution::fixed;
    case ServiceEntrySpec::DNS: return Resolution::dns;
    case ServiceEntrySpec::DNS_ROUND_ROBIN: return Resolution::dns_round_robin;
    case ServiceEntrySpec::DYNAMIC_DNS: return Resolution::dynamic_dns;
    default: return Resolution::none;
  }
}

std::vector<std::string> export_to_annotation(const Meta& meta) {
  std::vector<std::string> out;
  const auto found = meta.annotations.find("networking.istio.io/exportTo");
  if (found == meta.annotations.end()) return out;
  std::string_view rest = found->second;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    std::string_view one = rest.substr(0, end);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (!one.empty()) out.emplace_back(one);
    rest.remove_prefix(std::min(rest.size(), end + 1));
  }
  return out;
}

}  // namespace

bool selects(const Labels& selector, const Labels& labels) {
  for (const auto& [key, value] : selector) {
    const auto found = labels.find(key);
    if (found == labels.end() || found->second != value) return false;
  }
  return true;
}

std::vector<std::shared_ptr<const Service>> declared_services(const ServiceEntry& entry) {
  const ServiceEntrySpec& spec = entry.spec;
  Service common;
  common.ns = entry.meta.ns;
  common.kind = Kind::service_entry;
  common.labels = entry.meta.labels;
  common.created = entry.meta.created;
  common.origin = entry.meta.origin;
  common.addresses = texts_of(spec.addresses());
  common.resolution = resolution_of(spec);
  common.external = spec.location() == ServiceEntrySpec::MESH_EXTERNAL;
  common.selector = labels_of(spec.workload_selector().labels());
  common.subject_alt_names = texts_of(spec.subject_alt_names());
  common.export_to = texts_of(spec.export_to());
  for (const auto& port : spec.ports()) {
    common.ports.push_back({.name = port.name(),
                            .number = port.number(),
                            .protocol = protocol_named(port.protocol()),
                            .target = {.number = port.target_port()}});
  }
  for (const auto& endpoint : spec.endpoints()) {
    common.endpoints.push_back(workload_of(endpoint, entry.meta));
  }
  std::vector<std::shared_ptr<const Service>> out;
  for (const std::string& host : spec.hosts()) {
    auto service = std::make_shared<Service>(common);
    service->hostname = host;
    service->name = host;
    out.push_back(std::move(service));
  }
  return out;
}

std::shared_ptr<const Service> declared_service(const K8sService& object, std::string_view domain) {
  const K8sServiceSpec& spec = object.spec;
  auto out = std::make_shared<Service>();
  out->hostname = fmt::format("{}.{}.svc.{}", object.meta.name, object.meta.ns, domain);
  out->name = object.meta.name;
  out->ns = object.meta.ns;
  out->kind = Kind::k8s_service;
  out->labels = object.meta.labels;
  out->created = object.meta.created;
  out->origin = object.meta.origin;
  out->headless = spec.headless();
  if (!out->headless) out->addresses = spec.cluster_ips;
  // The peers of a headless service are addressed each by itself.
  out->resolution = out->headless ? Resolution::none : Resolution::fixed;
  if (spec.type == "ExternalName") {
    out->resolution = Resolution::alias;
    out->alias_of = spec.external_name;
    out->external = true;
  }
  out->local_only = spec.local_only;
  out->publish_not_ready = spec.publish_not_ready;
  out->selector = spec.selector;
  out->traffic_distribution = spec.traffic_distribution;
  out->export_to = export_to_annotation(object.meta);
  for (const K8sServicePort& port : spec.ports) {
    out->ports.push_back({.name = port.name,
                          .number = port.port,
                          .protocol = protocol_of(port.app_protocol, port.name, port.port, port.protocol),
                          .target = port.target});
  }
  return out;
}

std::shared_ptr<const Workload> declared_workload(const WorkloadEntry& entry) {
  std::shared_ptr<Workload> out = workload_of(entry.spec, entry.meta);
  // The labels of the object count where its spec has none of that name.
  for (const auto& [key, value] : entry.meta.labels) out->labels.emplace(key, value);
  return out;
}

std::vector<std::shared_ptr<const Workload>> declared_workloads(const K8sEndpointSlice& slice) {
  std::vector<std::shared_ptr<const Workload>> out;
  std::map<std::string, std::uint32_t, std::less<>> ports;
  for (const K8sEndpointPort& port : slice.spec.ports) ports.emplace(port.name, port.port);
  for (const K8sEndpoint& endpoint : slice.spec.endpoints) {
    for (const std::string& address : endpoint.addresses) {
      auto workload = std::make_shared<Workload>();
      workload->name = endpoint.pod.empty() ? address : endpoint.pod;
      workload->ns = slice.meta.ns;
      workload->address = address;
      workload->ports = ports;
      workload->locality = endpoint.zone.empty() ? "" : "/" + endpoint.zone;
      workload->ready = endpoint.ready;
      workload->terminating = endpoint.terminating;
      workload->node_name = endpoint.node_name;
      workload->origin = slice.meta.origin;
      out.push_back(std::move(workload));
    }
  }
  return out;
}

}  // namespace proa::mesh
