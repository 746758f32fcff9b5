// Workload: one running instance that may take connections: a WorkloadEntry, an endpoint written into a ServiceEntry,
// or one of an EndpointSlice.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "mesh/model/kubernetes.h"
#include "mesh/source/document.h"

namespace proa::mesh {

/// Immutable.
struct Workload {
  std::string name{};  ///< of its object; of an EndpointSlice: of the pod, else the address
  std::string ns{};
  std::string address{};                                      ///< an IP address, a host name, or unix:///path
  std::map<std::string, std::uint32_t, std::less<>> ports{};  ///< by name, where they differ from the service's
  Labels labels{};
  std::string network{};
  std::string locality{};    ///< "region/zone/subzone"
  std::uint32_t weight = 0;  ///< 0: not given
  std::string service_account{};
  bool mutual_tls = false;  ///< it has a proxy that takes Istio's mTLS (label security.istio.io/tlsMode)
  bool ready = true;
  bool terminating = false;
  std::string node_name{};
  Origin origin{};
};

/// Whether all of `selector` is in `labels`; an empty selector selects everything.
bool selects(const Labels& selector, const Labels& labels);

}  // namespace proa::mesh
