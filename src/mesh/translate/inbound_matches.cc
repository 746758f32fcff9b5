#include "mesh/translate/inbound_matches.h"

namespace proa::mesh {

namespace {

using Names = std::vector<std::string_view>;

// What proxies of the mesh offer: for requests, for bytes, for either.
const Names kMeshHttp = {"istio-http/1.0", "istio-http/1.1", "istio-h2"};
const Names kMeshTcp = {"istio-peer-exchange", "istio"};
const Names kMesh = {"istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"};
// What http_inspector finds.
const Names kPlainHttp = {"http/1.1", "h2c"};

constexpr std::string_view kTls = "tls";
constexpr std::string_view kRaw = "raw_buffer";

std::vector<InboundMatch> sniffed(MutualTls mode) {
  const InboundMatch mesh_http{.http = true, .tls = true, .transport = kTls, .application = kMeshHttp};
  const InboundMatch plain_http{.http = true, .transport = kRaw, .application = kPlainHttp};
  const InboundMatch plain{.transport = kRaw};
  switch (mode) {
    case MutualTls::strict: return {mesh_http, {.tls = true, .transport = kTls}};
    case MutualTls::disable: return {plain_http, plain};
    case MutualTls::permissive: break;
  }
  const InboundMatch mesh_tcp{.tls = true, .transport = kTls, .application = kMeshTcp};
  return {mesh_http, plain_http, mesh_tcp, plain, {.transport = kTls}};
}

}  // namespace

std::vector<InboundMatch> inbound_matches(Protocol protocol, MutualTls mode) {
  if (protocol == Protocol::automatic) return sniffed(mode);
  const bool http = is_http(protocol);
  switch (mode) {
    case MutualTls::strict: return {{.http = http, .tls = true, .transport = kTls}};
    case MutualTls::disable: return {{.http = http, .transport = kRaw}};
    case MutualTls::permissive: break;
  }
  std::vector<InboundMatch> out = {{.http = http, .tls = true, .transport = kTls, .application = kMesh},
                                   {.http = http, .transport = kRaw}};
  if (!http) out.push_back({.transport = kTls});  // the application's own TLS
  return out;
}

}  // namespace proa::mesh
