// Service: what can be called, whoever declared it: a ServiceEntry or a Kubernetes Service.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mesh/model/workload.h"
#include "mesh/source/document.h"

namespace proa::mesh {

/// How the bytes of a port are read. `automatic` is told from the first bytes.
enum class Protocol : std::uint8_t {
  automatic,
  http,
  http2,
  https,
  grpc,
  grpc_web,
  tls,
  tcp,
  udp,
  mongo,
  redis,
  mysql,
  hbone,
  http_proxy,
};

/// Istio's names, in any case: "HTTP", "GRPC-Web", "mongo"; `automatic` for all else.
Protocol protocol_named(std::string_view name);
/// "HTTP2", "GRPC-Web": as Istio prints it; "UnsupportedProtocol" for automatic.
std::string_view name_of(Protocol protocol);
/// Of a port of a Kubernetes Service: by its appProtocol, else the part of its name before '-', else by number, since
/// the server speaks first on 25, 53, 3306 and 27017 and there is nothing to tell from.
Protocol protocol_of(std::string_view app_protocol, std::string_view port_name, std::uint32_t port,
                     std::string_view transport);

bool is_http(Protocol protocol);   ///< HTTP, HTTP/2, gRPC, gRPC-Web, a forward proxy
bool is_http2(Protocol protocol);  ///< HTTP/2, gRPC, gRPC-Web
bool is_tls(Protocol protocol);    ///< HTTPS, TLS
bool is_tcp(Protocol protocol);    ///< TCP, TLS and all that is passed on as bytes

struct ServicePort {
  std::string name{};
  std::uint32_t number = 0;
  Protocol protocol = Protocol::automatic;
  PortRef target{};  ///< of the workloads; neither number nor name: `number`
};

/// How the endpoints of a service are found.
enum class Resolution : std::uint8_t {
  none,             ///< wherever the connection was going
  fixed,            ///< its endpoints: STATIC, and Kubernetes Services
  dns,              ///< all that its names resolve to
  dns_round_robin,  ///< the first of them
  dynamic_dns,      ///< the name in each request
  alias,            ///< ExternalName: another name for `alias_of`
};

/// Immutable.
struct Service {
  std::string hostname{};  ///< "reviews.shop.svc.cluster.local", "*.example.com"
  std::string name{};      ///< of the Kubernetes Service, else the hostname
  std::string ns{};
  Kind kind = Kind::service_entry;  ///< service_entry or k8s_service
  Labels labels{};
  std::int64_t created = 0;
  Origin origin{};

  std::vector<std::string> addresses{};  ///< virtual addresses: IPs or CIDR ranges; empty: none, or headless
  std::vector<ServicePort> ports{};
  Resolution resolution = Resolution::fixed;
  bool external = false;  ///< outside of the mesh
  bool headless = false;
  bool local_only = false;         ///< internalTrafficPolicy: Local
  bool publish_not_ready = false;  ///< endpoints that are not ready, too
  std::string alias_of{};
  Labels selector{};                                         ///< of workloads, in its own namespace; empty: none
  std::vector<std::shared_ptr<const Workload>> endpoints{};  ///< those written into a ServiceEntry
  std::vector<std::string> subject_alt_names{};
  std::vector<std::string> export_to{};  ///< "." "*" "~" or namespaces; empty: the mesh's default
  std::string traffic_distribution{};

  const ServicePort* port(std::uint32_t number) const;
};

}  // namespace proa::mesh
