// The Gateway API's objects (gateway.networking.k8s.io v1), field by field as its specification names them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mesh/source/document.h"

namespace proa::mesh {

/// Names an object: parentRefs, backendRefs, certificateRefs. `ns` empty: the namespace of who refers.
struct ObjectRef {
  std::string group{};
  std::string kind{};
  std::string ns{};
  std::string name{};
};

struct ParentRef : ObjectRef {
  std::string section{};  ///< of a listener; empty: all
  std::uint32_t port = 0;
};

struct BackendRef : ObjectRef {
  std::uint32_t port = 0;
  std::uint32_t weight = 1;
};

/// How a text is compared.
enum class MatchType : std::uint8_t { exact, prefix, regex };

struct NamedMatch {
  std::string name{};
  std::string value{};
  MatchType type = MatchType::exact;  ///< never prefix
};

// ---- Gateway

struct LabelRequirement {
  std::string key{};
  std::string op{};  ///< In, NotIn, Exists, DoesNotExist
  std::vector<std::string> values{};
};

struct LabelSelector {
  Labels match_labels{};
  std::vector<LabelRequirement> match_expressions{};

  bool matches(const Labels& labels) const;
};

struct RouteKind {
  std::string group{};
  std::string kind{};
};

struct ListenerTls {
  std::string mode = "Terminate";  ///< or Passthrough
  std::vector<ObjectRef> certificates{};
  Labels options{};
};

struct GatewayListener {
  std::string name{};
  std::string hostname{};  ///< empty: all
  std::uint32_t port = 0;
  std::string protocol{};  ///< HTTP, HTTPS, TLS, TCP, UDP, or one with a domain
  std::optional<ListenerTls> tls{};
  std::string routes_from = "Same";  ///< allowedRoutes.namespaces.from: Same, All or Selector
  LabelSelector routes_selector{};
  std::vector<RouteKind> kinds{};  ///< empty: those the protocol can carry
  Origin origin{};
};

/// What a TLS listener asks of clients: spec.tls.frontend.
struct FrontendValidation {
  std::uint32_t port = 0;  ///< 0: the default for all ports
  std::vector<ObjectRef> ca_certificates{};
  bool allow_insecure_fallback = false;
};

struct GatewayAddress {
  std::string type = "IPAddress";
  std::string value{};
};

struct ApiGatewaySpec {
  std::string class_name{};
  std::vector<GatewayListener> listeners{};
  std::vector<GatewayAddress> addresses{};
  Labels infrastructure_labels{};
  Labels infrastructure_annotations{};
  std::vector<FrontendValidation> frontend{};
};

struct ApiGatewayClassSpec {
  std::string controller{};
  std::string description{};
};

// ---- HTTPRoute, GRPCRoute

struct HeaderValue {
  std::string name{};
  std::string value{};
};

struct HeaderChange {
  std::vector<HeaderValue> set{};
  std::vector<HeaderValue> add{};
  std::vector<std::string> remove{};
};

/// Replaces the whole path, or what its prefix matched.
struct PathChange {
  bool prefix = false;
  std::string value{};
};

struct RequestRedirect {
  std::string scheme{};
  std::string hostname{};
  std::optional<PathChange> path{};
  std::uint32_t port = 0;
  std::uint32_t status = 302;
};

struct UrlRewrite {
  std::string hostname{};
  std::optional<PathChange> path{};
};

struct RequestMirror {
  BackendRef backend{};
  double percent = 100;
};

struct CorsFilter {
  std::vector<std::string> allow_origins{};
  std::vector<std::string> allow_methods{};
  std::vector<std::string> allow_headers{};
  std::vector<std::string> expose_headers{};
  bool allow_credentials = false;
  std::uint32_t max_age_seconds = 5;
};

/// Of a rule or of one backend, in the order written where that matters (mirrors).
struct RouteFilters {
  std::optional<HeaderChange> request_headers{};
  std::optional<HeaderChange> response_headers{};
  std::optional<RequestRedirect> redirect{};
  std::optional<UrlRewrite> rewrite{};
  std::vector<RequestMirror> mirrors{};
  std::optional<CorsFilter> cors{};
  std::vector<ObjectRef> extensions{};  ///< ExtensionRef
};

struct RouteBackend : BackendRef {
  RouteFilters filters{};
};

struct RouteRetry {
  std::vector<std::uint32_t> codes{};
  std::optional<std::uint32_t> attempts{};
  std::optional<std::int64_t> backoff_ms{};
};

struct HttpMatch {
  MatchType path_type = MatchType::prefix;
  std::string path = "/";
  std::vector<NamedMatch> headers{};
  std::vector<NamedMatch> query{};
  std::string method{};  ///< empty: any
};

struct HttpRouteRule {
  std::string name{};
  std::vector<HttpMatch> matches{};  ///< never empty: without any, the prefix "/"
  RouteFilters filters{};
  std::vector<RouteBackend> backends{};
  std::optional<std::int64_t> request_timeout_ms{};  ///< 0: none
  std::optional<std::int64_t> backend_timeout_ms{};
  std::optional<RouteRetry> retry{};
  Origin origin{};
};

struct HttpRouteSpec {
  std::vector<ParentRef> parents{};
  std::vector<std::string> hostnames{};
  std::vector<HttpRouteRule> rules{};
};

struct GrpcMatch {
  MatchType type = MatchType::exact;  ///< of service and method; never prefix
  std::string service{};              ///< empty: any
  std::string method{};
  std::vector<NamedMatch> headers{};
};

struct GrpcRouteRule {
  std::string name{};
  std::vector<GrpcMatch> matches{};  ///< empty: everything
  RouteFilters filters{};
  std::vector<RouteBackend> backends{};
  Origin origin{};
};

struct GrpcRouteSpec {
  std::vector<ParentRef> parents{};
  std::vector<std::string> hostnames{};
  std::vector<GrpcRouteRule> rules{};
};

// ---- TLSRoute, TCPRoute

struct L4RouteRule {
  std::string name{};
  std::vector<BackendRef> backends{};
  Origin origin{};
};

struct TlsRouteSpec {
  std::vector<ParentRef> parents{};
  std::vector<std::string> hostnames{};
  std::vector<L4RouteRule> rules{};
};

struct TcpRouteSpec {
  std::vector<ParentRef> parents{};
  std::vector<L4RouteRule> rules{};
};

// ---- ReferenceGrant

struct GrantFrom {
  std::string group{};
  std::string kind{};
  std::string ns{};
};

struct GrantTo {
  std::string group{};
  std::string kind{};
  std::string name{};  ///< empty: all of the kind
};

struct ReferenceGrantSpec {
  std::vector<GrantFrom> from{};
  std::vector<GrantTo> to{};
};

}  // namespace proa::mesh
