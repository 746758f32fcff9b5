// ServiceIndex: all services of a World by host name and by namespace, and who serves them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mesh/model/object.h"
#include "mesh/model/service.h"
#include "mesh/model/table.h"
#include "mesh/model/workload.h"

namespace proa::mesh {

/// One way to a service: a workload and the port that serves there.
struct ServiceEndpoint {
  std::shared_ptr<const Workload> workload;
  std::uint32_t port = 0;
};

/// The tables that services and workloads are made of.
struct ServiceTables {
  const Table<ServiceEntry>& entries;
  const Table<WorkloadEntry>& workloads;
  const Table<K8sService>& services;
  const Table<K8sEndpointSlice>& slices;
};

/// Immutable. What of one namespace has not changed is shared with the index before.
class ServiceIndex {
 public:
  using Services = std::vector<std::shared_ptr<const Service>>;
  using Workloads = std::vector<std::shared_ptr<const Workload>>;

  ServiceIndex() = default;
  /// `before` was made of `old_tables` and the same domain ("cluster.local"), or is empty with empty tables.
  ServiceIndex(const ServiceIndex& before, const ServiceTables& old_tables, const ServiceTables& tables,
               std::string_view domain);

  /// All services that declare the host name exactly so: a Kubernetes Service before any ServiceEntry, then the older.
  const Services& named(std::string_view hostname) const;
  /// In the order of their objects.
  const Services& in(std::string_view ns) const;
  const std::map<std::string, std::shared_ptr<const Services>, std::less<>>& by_namespace() const { return services_; }

  /// Who serves this port of the service now, ready or not, in a stable order. For a service found by DNS: the names
  /// written into it, or else its own.
  std::vector<ServiceEndpoint> endpoints(const Service& service, const ServicePort& port) const;

  /// WorkloadEntries and endpoints of slices.
  const Workloads& workloads(std::string_view ns) const;
  /// Those with this address, in any namespace.
  Workloads at(std::string_view address) const;
  Workloads of_account(std::string_view ns, std::string_view service_account) const;

 private:
  struct Shard;  // the workloads of one namespace

  std::map<std::string, std::shared_ptr<const Services>, std::less<>> services_;
  std::map<std::string, Services, std::less<>> named_;
  std::map<std::string, std::shared_ptr<const Shard>, std::less<>> shards_;
};

}  // namespace proa::mesh
