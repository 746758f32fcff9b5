// Object: one object of each kind, typed. Istio's are their protobufs, the others structures of our own.
#pragma once

#include <memory>
#include <variant>

#include "istio/mesh/v1alpha1/config.pb.h"
#include "istio/networking/v1alpha3/destination_rule.pb.h"
#include "istio/networking/v1alpha3/envoy_filter.pb.h"
#include "istio/networking/v1alpha3/gateway.pb.h"
#include "istio/networking/v1alpha3/service_entry.pb.h"
#include "istio/networking/v1alpha3/sidecar.pb.h"
#include "istio/networking/v1alpha3/virtual_service.pb.h"
#include "istio/networking/v1alpha3/workload_entry.pb.h"
#include "istio/networking/v1alpha3/workload_group.pb.h"
#include "istio/networking/v1beta1/proxy_config.pb.h"
#include "istio/security/v1beta1/authorization_policy.pb.h"
#include "istio/security/v1beta1/peer_authentication.pb.h"
#include "istio/security/v1beta1/request_authentication.pb.h"
#include "istio/telemetry/v1alpha1/telemetry.pb.h"
#include "mesh/model/gateway_api.h"
#include "mesh/model/kubernetes.h"
#include "mesh/source/document.h"

namespace proa::mesh {

/// Immutable once it is in a World. Its spec has passed the validation of its kind.
template <class S, Kind K>
struct Object {
  using Spec = S;
  static constexpr Kind kKind = K;

  Meta meta;
  Spec spec;
  std::uint64_t contents = 0;  ///< hash of what was written: equal for objects that differ in nothing

  ObjectKey key() const { return {K, meta.ns, meta.name}; }
};

using MeshConfig = Object<istio::mesh::v1alpha1::MeshConfig, Kind::mesh_config>;
using VirtualService = Object<istio::networking::v1alpha3::VirtualService, Kind::virtual_service>;
using DestinationRule = Object<istio::networking::v1alpha3::DestinationRule, Kind::destination_rule>;
using Gateway = Object<istio::networking::v1alpha3::Gateway, Kind::gateway>;
using ServiceEntry = Object<istio::networking::v1alpha3::ServiceEntry, Kind::service_entry>;
using WorkloadEntry = Object<istio::networking::v1alpha3::WorkloadEntry, Kind::workload_entry>;
using WorkloadGroup = Object<istio::networking::v1alpha3::WorkloadGroup, Kind::workload_group>;
using Sidecar = Object<istio::networking::v1alpha3::Sidecar, Kind::sidecar>;
using ProxyConfig = Object<istio::networking::v1beta1::ProxyConfig, Kind::proxy_config>;
using EnvoyFilter = Object<istio::networking::v1alpha3::EnvoyFilter, Kind::envoy_filter>;
using PeerAuthentication = Object<istio::security::v1beta1::PeerAuthentication, Kind::peer_authentication>;
using RequestAuthentication = Object<istio::security::v1beta1::RequestAuthentication, Kind::request_authentication>;
using AuthorizationPolicy = Object<istio::security::v1beta1::AuthorizationPolicy, Kind::authorization_policy>;
using Telemetry = Object<istio::telemetry::v1alpha1::Telemetry, Kind::telemetry>;
using K8sService = Object<K8sServiceSpec, Kind::k8s_service>;
using K8sEndpointSlice = Object<K8sEndpointSliceSpec, Kind::k8s_endpoint_slice>;
using K8sNamespace = Object<K8sNamespaceSpec, Kind::k8s_namespace>;
using K8sSecret = Object<K8sSecretSpec, Kind::k8s_secret>;
using ApiGatewayClass = Object<ApiGatewayClassSpec, Kind::api_gateway_class>;
using ApiGateway = Object<ApiGatewaySpec, Kind::api_gateway>;
using HttpRoute = Object<HttpRouteSpec, Kind::http_route>;
using GrpcRoute = Object<GrpcRouteSpec, Kind::grpc_route>;
using TlsRoute = Object<TlsRouteSpec, Kind::tls_route>;
using TcpRoute = Object<TcpRouteSpec, Kind::tcp_route>;
using ReferenceGrant = Object<ReferenceGrantSpec, Kind::reference_grant>;

/// The types in the order of Kind: the variant's index is the kind.
template <template <class...> class List>
using OfKinds = List<MeshConfig, VirtualService, DestinationRule, Gateway, ServiceEntry, WorkloadEntry, WorkloadGroup,
                     Sidecar, ProxyConfig, EnvoyFilter, PeerAuthentication, RequestAuthentication, AuthorizationPolicy,
                     Telemetry, K8sService, K8sEndpointSlice, K8sNamespace, K8sSecret, ApiGatewayClass, ApiGateway,
                     HttpRoute, GrpcRoute, TlsRoute, TcpRoute, ReferenceGrant>;

template <class... T>
using PointersTo = std::variant<std::shared_ptr<const T>...>;
/// Any object, never null.
using AnyObject = OfKinds<PointersTo>;

ObjectKey key_of(const AnyObject& object);
const Meta& meta_of(const AnyObject& object);
std::uint64_t contents_of(const AnyObject& object);

}  // namespace proa::mesh
