#include "mesh/model/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "mesh/model/test_objects.h"

namespace proa::mesh {
namespace {

using testing::SizeIs;

struct Case {
  std::string spec;
  std::string wanted;  ///< of each line: what comes after "a.yaml:"
};

/// Each spec, in an object of the kind named shop/x, gives just these problems.
void expect_problems(std::string_view api_version, std::string_view kind, const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    const std::string object = "apiVersion: " + std::string(api_version) + "\nkind: " + std::string(kind) +
                               "\nmetadata: {name: x, namespace: shop}\nspec:\n" + each.spec;
    config::Problems problems;
    const auto documents = read_documents(object, "a.yaml", problems);
    ASSERT_TRUE(documents && documents->good.size() == 1) << problems.str();
    const auto decoded = decode(documents->good[0], problems);
    std::string got;
    for (const auto& problem : problems.all()) {
      std::string line = problem.str();
      got += line.substr(std::string("a.yaml:").size()) + "\n";
    }
    EXPECT_EQ(got, each.wanted) << each.spec;
    EXPECT_EQ(decoded.has_value(), problems.ok()) << each.spec;
  }
}

constexpr std::string_view kNetworking = "networking.istio.io/v1";
constexpr std::string_view kSecurity = "security.istio.io/v1";
constexpr std::string_view kGatewayApi = "gateway.networking.k8s.io/v1";

TEST(Decode, unknown_fields_are_refused_with_the_nearest_name) {
  expect_problems(
      kNetworking, "VirtualService",
      {{"  hosts: [a.com]\n  htpp: []\n",
        "6:3: VirtualService shop/x: spec.htpp: unknown field of VirtualService; did you mean 'http'?\n"},
       {"  hosts: [a.com]\n  http:\n  - route: [{destination: {host: a, port: {numbr: 80}}}]\n    perTryTimeout: 1s\n",
        "7:44: VirtualService shop/x: spec.http[0].route[0].destination.port.numbr: unknown field of PortSelector; did "
        "you mean 'number'?\n"
        "8:5: VirtualService shop/x: spec.http[0].perTryTimeout: unknown field of HTTPRoute; did you mean "
        "'timeout'?\n"},
       {"  hosts: [a.com]\n  http:\n  - route: [{destination: {host: a}}]\n    timeout: 5\n",
        "8:14: VirtualService shop/x: spec.http[0].timeout: is \"5\", which is no duration; write numbers with units, "
        "as "
        "\"1h30m\", \"5s\" or \"250ms\"\n"}});
  EXPECT_EQ(problems_of("apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: x}\nspecc: {}\n"),
            "a.yaml:1:1: Sidecar default/x: spec: is empty; set egress, ingress, outboundTrafficPolicy or "
            "inboundConnectionPool\n"
            "a.yaml:4:1: Sidecar default/x: specc: unknown field of Sidecar; did you mean 'spec'?\n2 errors\n");
}

TEST(Decode, virtual_services) {
  expect_problems(
      kNetworking, "VirtualService",
      {{"  hosts: ['*']\n  http: [{route: [{destination: {host: a}}]}]\n",
        "5:11: VirtualService shop/x: spec.hosts[0]: is \"*\", but a VirtualService of the mesh needs a host; name its "
        "hosts, or a gateway\n"},
       {"  hosts: [a.com]\n",
        "5:3: VirtualService shop/x: spec: has neither http, tls nor tcp; write at least one route\n"},
       {"  hosts: [a.com, a.*.com]\n  http: [{route: [{destination: {host: a}}]}]\n",
        "5:18: VirtualService shop/x: spec.hosts[1]: is \"a.*.com\", but a '*' may only stand for the first label, as "
        "in "
        "*.example.com\n"},
       {"  hosts: ['*.com', a.com]\n  http: [{route: [{destination: {host: a}}]}]\n",
        "5:20: VirtualService shop/x: spec.hosts[1]: \"a.com\" overlaps \"*.com\"; keep one of them\n"},
       {"  hosts: [a.com]\n  http: [{match: [{uri: {regex: '('}}], redirect: {uri: /}, route: [{destination: {host: "
        "a}}]}]\n",
        "6:68: VirtualService shop/x: spec.http[0].route: is set beside redirect; remove one of them\n"
        "6:33: VirtualService shop/x: spec.http[0].match[0].uri.regex: is \"(\", which is no regular expression: "
        "missing "
        "): (; the syntax is RE2's: no look-around, no back-references\n"},
       {"  hosts: [a.com]\n  http: [{timeout: 1s}]\n",
        "6:10: VirtualService shop/x: spec.http[0]: has neither route, redirect, directResponse nor delegate; say what "
        "becomes of its requests\n"},
       {"  hosts: [a.com]\n  http: [{route: [{destination: {host: a}, weight: -1}, {destination: {host: b, port: "
        "{number: 70000}}, weight: 1}]}]\n",
        "6:52: VirtualService shop/x: spec.http[0].route[0].weight: is -1, but cannot be negative\n"
        "6:96: VirtualService shop/x: spec.http[0].route[1].destination.port.number: is 70000, but must be a port from "
        "1 "
        "to 65535\n"
        "6:18: VirtualService shop/x: spec.http[0].route: has no weight: nothing would get traffic; give the "
        "destinations weights\n"},
       {"  hosts: [a.com]\n  http: [{route: [{destination: {host: a}}], retries: {attempts: 2, retryOn: "
        "'5xx,conect-failure'}}]\n",
        "6:78: VirtualService shop/x: spec.http[0].retries.retryOn: has \"conect-failure\", which is no reason to "
        "retry; "
        "did you mean 'connect-failure'?\n"},
       {"  hosts: [a.com]\n  http: [{route: [{destination: {host: a}}], fault: {abort: {percentage: {value: 101}, "
        "httpStatus: 99}}}]\n",
        "6:82: VirtualService shop/x: spec.http[0].fault.abort.percentage.value: is 101, but must be 0 or from 0.0001 "
        "to "
        "100\n"
        "6:100: VirtualService shop/x: spec.http[0].fault.abort.httpStatus: is 99, but must be a status from 200 to "
        "599\n"},
       {"  hosts: [a.com]\n  http: [{route: [{destination: {host: a}}]}, {match: [{uri: {prefix: /a}}], route: "
        "[{destination: "
        "{host: b}}]}]\n",
        "6:47: warning: VirtualService shop/x: spec.http[1]: is never used: rule 1 before it has no match, so it takes "
        "everything; move the rule without match to the end\n"},
       {"  hosts: [a.com]\n  tls: [{match: [{sniHosts: [b.com]}], route: [{destination: {host: a}}]}]\n",
        "6:30: VirtualService shop/x: spec.tls[0].match[0].sniHosts[0]: is \"b.com\", which none of the "
        "VirtualService's "
        "hosts covers; add it to hosts\n"},
       {"  gateways: [g]\n  http: [{route: [{destination: {host: a}}]}]\n",
        "5:13: VirtualService shop/x: spec.gateways: is set, but without hosts this is a delegate, which has only "
        "http; "
        "add hosts\n"},
       {"  hosts: [a.com]\n  exportTo: ['*', b]\n  http: [{route: [{destination: {host: a}}]}]\n",
        "6:14: VirtualService shop/x: spec.exportTo[0]: \"*\" stands beside others; keep it alone\n"}});
}

TEST(Decode, destination_rules) {
  expect_problems(
      kNetworking, "DestinationRule",
      {{"  trafficPolicy: {}\n",
        "5:3: DestinationRule shop/x: spec.host: is missing\n"
        "5:18: DestinationRule shop/x: spec.trafficPolicy: is empty; remove it, or say what it is to do\n"},
       {"  host: a\n  trafficPolicy: {loadBalancer: {simple: LEAST_CON}}\n",
        "6:42: DestinationRule shop/x: spec.trafficPolicy.loadBalancer.simple: is \"LEAST_CON\", which is no SimpleLB; "
        "did "
        "you mean 'LEAST_CONN'?\n"},
       {"  host: a\n  trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true, maglev: {tableSize: 100}}}}\n",
        "6:90: DestinationRule shop/x: spec.trafficPolicy.loadBalancer.consistentHash.maglev.tableSize: is 100, but "
        "must "
        "be a prime number below 5000011; write 65537\n"},
       {"  host: a\n  trafficPolicy: {tls: {mode: MUTUAL}}\n",
        "6:19: DestinationRule shop/x: spec.trafficPolicy.tls.clientCertificate: is missing, as mode is MUTUAL\n"
        "6:19: DestinationRule shop/x: spec.trafficPolicy.tls.privateKey: is missing, as mode is MUTUAL\n"},
       {"  host: a\n  trafficPolicy: {connectionPool: {tcp: {connectTimeout: 0s, maxConnections: -1}}}\n",
        "6:78: DestinationRule shop/x: spec.trafficPolicy.connectionPool.tcp.maxConnections: is -1, but cannot be "
        "negative\n"
        "6:58: DestinationRule shop/x: spec.trafficPolicy.connectionPool.tcp.connectTimeout: is shorter than a "
        "millisecond; write at least \"1ms\"\n"},
       {"  host: a\n  trafficPolicy: {outlierDetection: {maxEjectionPercent: 200}}\n",
        "6:58: DestinationRule shop/x: spec.trafficPolicy.outlierDetection.maxEjectionPercent: is 200, but must be "
        "from 0 "
        "to 100\n"},
       {"  host: a\n  subsets: [{name: v1}, {name: v1}, {name: V_2, labels: {a: 'b c'}}]\n",
        "6:32: DestinationRule shop/x: spec.subsets[1].name: \"v1\" is there twice\n"
        "6:44: DestinationRule shop/x: spec.subsets[2].name: is \"V_2\", but must be at most 63 of a-z, 0-9 and '-', a "
        "'-' "
        "not at an end\n"
        "6:61: DestinationRule shop/x: spec.subsets[2].labels.a: is \"b c\", but must be at most 63 letters, digits, "
        "'-', "
        "'_' or '.', with a letter or digit at both ends\n"}});
}

TEST(Decode, gateways) {
  expect_problems(
      kNetworking, "Gateway",
      {{"  selector: {a: b}\n", "5:3: Gateway shop/x: spec.servers: is missing\n"},
       {"  servers: [{port: {number: 443, name: a, protocol: HTTPS}, hosts: ['*']}]\n",
        "5:13: Gateway shop/x: spec.servers[0].tls: is missing, as the protocol is HTTPS\n"},
       {"  servers: [{port: {number: 443, name: a, protocol: HTTPS}, hosts: ['*'], tls: {mode: SIMPLE}}]\n",
        "5:75: Gateway shop/x: spec.servers[0].tls.serverCertificate: is missing, as mode is SIMPLE; set it, or "
        "credentialName\n"
        "5:75: Gateway shop/x: spec.servers[0].tls.privateKey: is missing, as mode is SIMPLE; set it, or "
        "credentialName\n"},
       {"  servers: [{port: {number: 80, name: a, protocol: HTP}, hosts: []}]\n",
        "5:65: Gateway shop/x: spec.servers[0].hosts: is missing; write \"*\" for all\n"
        "5:52: Gateway shop/x: spec.servers[0].port.protocol: is \"HTP\", which is no protocol; did you mean "
        "'HTTP'?\n"},
       {"  servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: ['*'], tls: {mode: SIMPLE, credentialName: "
        "c}}]\n",
        "5:78: Gateway shop/x: spec.servers[0].tls: is set, but the protocol is HTTP; only tls.httpsRedirect goes with "
        "it; "
        "for TLS write HTTPS\n"}});
}

TEST(Decode, service_entries_and_workloads) {
  expect_problems(
      kNetworking, "ServiceEntry",
      {{"  hosts: ['*']\n  ports: [{number: 80, name: a, protocol: HTTP}]\n",
        "5:11: ServiceEntry shop/x: spec.hosts[0]: is \"*\", but a ServiceEntry needs a domain; write as "
        "\"*.example.com\"\n"},
       {"  hosts: [a.com]\n  resolution: STATIC\n  ports: [{number: 0, name: a}, {number: 1, name: a}]\n  endpoints: "
        "[{address: b.com}]\n",
        "7:20: ServiceEntry shop/x: spec.ports[0].number: is 0, but must be a port from 1 to 65535\n"
        "7:51: ServiceEntry shop/x: spec.ports[1].name: \"a\" is there twice\n"
        "8:25: ServiceEntry shop/x: spec.endpoints[0].address: is \"b.com\", which is no IP address; for a name use "
        "the "
        "resolution DNS of the ServiceEntry\n"},
       {"  hosts: ['*.a.com']\n  resolution: DNS\n  addresses: [10.0.0.0/8]\n",
        "5:11: ServiceEntry shop/x: spec.hosts[0]: is \"*.a.com\", which DNS cannot resolve; use the resolution NONE "
        "or "
        "DYNAMIC_DNS, or name endpoints\n"
        "7:15: ServiceEntry shop/x: spec.addresses[0]: is the range \"10.0.0.0/8\", which goes with the resolutions "
        "NONE "
        "and STATIC only\n"},
       {"  hosts: [a.com]\n  endpoints: [{address: 10.0.0.1}]\n",
        "6:14: ServiceEntry shop/x: spec.endpoints: is set, but resolution is NONE: connections go where they went; "
        "use "
        "STATIC or DNS\n"}});
  expect_problems(kNetworking, "WorkloadEntry",
                  {{"  labels: {a: b}\n", "5:3: WorkloadEntry shop/x: spec.address: is missing\n"},
                   {"  address: unix://sock\n  ports: {a: 80}\n",
                    "5:12: WorkloadEntry shop/x: spec.address: is \"sock\", which is no absolute path of a file\n"
                    "6:10: WorkloadEntry shop/x: spec.ports: is set, but a Unix socket has no ports; remove it\n"},
                   {"  address: 10.0.0.1\n  ports: {a: 99999}\n",
                    "6:14: WorkloadEntry shop/x: spec.ports.a: is 99999, but must be a port from 1 to 65535\n"}});
  expect_problems(
      kNetworking, "WorkloadGroup",
      {{"  probe: {httpGet: {port: 0}}\n",
        "5:3: WorkloadGroup shop/x: spec.template: is missing\n"
        "5:27: WorkloadGroup shop/x: spec.probe.httpGet.port: is 0, but must be a port from 1 to 65535\n"}});
}

TEST(Decode, sidecars) {
  expect_problems(
      kNetworking, "Sidecar",
      {{"  egress: [{hosts: [a.com]}]\n",
        "5:21: Sidecar shop/x: spec.egress[0].hosts[0]: is \"a.com\", but must be namespace/host; write \"./a.com\" or "
        "\"*/a.com\"\n"},
       {"  egress: [{hosts: ['*/*']}, {port: {number: 80, name: a, protocol: HTTP}, hosts: ['*/*']}]\n",
        "5:12: Sidecar shop/x: spec.egress[0]: has no port but is not the last; the listener for all ports comes "
        "last\n"},
       {"  ingress: [{port: {number: 80, name: a, protocol: HTTP}, defaultEndpoint: 10.0.0.1:80}]\n",
        "5:76: Sidecar shop/x: spec.ingress[0].defaultEndpoint: is \"10.0.0.1:80\", which is no place of its own; "
        "write "
        "127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT, [::]:PORT or unix:///PATH\n"}});
}

TEST(Decode, security) {
  expect_problems(
      kSecurity, "PeerAuthentication",
      {{"  portLevelMtls: {80: {mode: STRICT}}\n",
        "5:18: PeerAuthentication shop/x: spec.portLevelMtls: is set, but without a selector nobody has these ports; "
        "select the workloads it is for\n"},
       {"  mtls: {mode: STRICTT}\n",
        "5:16: PeerAuthentication shop/x: spec.mtls.mode: is \"STRICTT\", which is no Mode; did you mean "
        "'STRICT'?\n"}});
  expect_problems(
      kSecurity, "RequestAuthentication",
      {{"  jwtRules: [{jwksUri: 'ftp://a', fromHeaders: [{}]}]\n",
        "5:24: RequestAuthentication shop/x: spec.jwtRules[0].jwksUri: is \"ftp://a\", but must begin with http:// or "
        "https://\n"
        "5:49: RequestAuthentication shop/x: spec.jwtRules[0].fromHeaders[0].name: is missing\n"},
       {"  jwtRules: [{issuer: a, jwks: '{'}]\n",
        "5:32: RequestAuthentication shop/x: spec.jwtRules[0].jwks: is no JSON\n"}});
  expect_problems(
      kSecurity, "AuthorizationPolicy",
      {{"  action: CUSTOM\n",
        "5:3: AuthorizationPolicy shop/x: spec.provider.name: is missing, as action is CUSTOM\n"
        "5:3: AuthorizationPolicy shop/x: spec.rules: is missing: a CUSTOM policy without rules never matches; write "
        "rules: [{}] to match everything\n"},
       {"  rules: [{from: [{source: {ipBlocks: [10.0.0.0/40]}}], to: [{operation: {ports: ['http']}}], when: [{key: "
        "source.ipp, values: [a]}]}]\n",
        "5:40: AuthorizationPolicy shop/x: spec.rules[0].from[0].source.ipBlocks[0]: is \"10.0.0.0/40\", which is no "
        "range "
        "of IP addresses; write it as \"10.0.0.0/8\"\n"
        "5:83: AuthorizationPolicy shop/x: spec.rules[0].to[0].operation.ports[0]: is \"http\", which is no port\n"
        "5:108: AuthorizationPolicy shop/x: spec.rules[0].when[0].key: is \"source.ipp\", which is no attribute; see "
        "the "
        "conditions of Istio's AuthorizationPolicy, such as request.headers[x-name]\n"},
       {"  rules: [{to: [{operation: {paths: ['/{**}/{*}', '/a{b}'], ports: [80]}}]}]\n",
        "5:69: AuthorizationPolicy shop/x: spec.rules[0].to[0].operation.ports[0]: is 80, but must be a string; write "
        "\"80\"\n"},
       {"  rules: [{to: [{operation: {paths: ['/{**}/{*}', '/a{b}']}}]}]\n",
        "5:38: AuthorizationPolicy shop/x: spec.rules[0].to[0].operation.paths[0]: is \"/{**}/{*}\", but {**} comes "
        "last\n"
        "5:51: AuthorizationPolicy shop/x: spec.rules[0].to[0].operation.paths[1]: is \"/a{b}\", but a segment is {*}, "
        "{**} or has no braces\n"},
       {"  action: DENY\n  rules: [{to: [{operation: {methods: [GET]}}]}]\n",
        "6:11: warning: AuthorizationPolicy shop/x: spec.rules[0]: matches HTTP only, so as a DENY rule it denies all "
        "plain TCP connections; name ports\n"},
       {"  selector: {matchLabels: {a: b}}\n  targetRefs: [{kind: Pod, name: a}]\n",
        "5:3: AuthorizationPolicy shop/x: spec: has both selector and targetRefs; keep one of them\n"
        "6:23: AuthorizationPolicy shop/x: spec.targetRefs[0].kind: is \"/Pod\", to which no policy can be attached; "
        "attach to a Service, ServiceEntry, Gateway or GatewayClass, with its group\n"}});
}

TEST(Decode, telemetry_proxy_config_and_envoy_filters) {
  expect_problems("telemetry.istio.io/v1", "Telemetry",
                  {{"  tracing: [{randomSamplingPercentage: 101, providers: [{}]}]\n",
                    "5:57: Telemetry shop/x: spec.tracing[0].providers[0].name: is missing\n"
                    "5:40: Telemetry shop/x: spec.tracing[0].randomSamplingPercentage: is 101, but must be from 0 to "
                    "100\n"}});
  expect_problems(
      "networking.istio.io/v1beta1", "ProxyConfig",
      {{"  concurrency: -1\n", "5:16: ProxyConfig shop/x: spec.concurrency: is -1, but cannot be negative\n"}});
  expect_problems("networking.istio.io/v1alpha3", "EnvoyFilter",
                  {{"  configPatches: [{applyTo: LISTENER, patch: {operation: ADD}}]\n",
                    "5:19: EnvoyFilter shop/x: spec.configPatches[0].patch.value: is missing\n"}});
}

TEST(Decode, the_mesh_config) {
  config::Problems problems;
  read_objects("trustDomian: a\n", problems, Kind::mesh_config);
  read_objects("extensionProviders: [{name: a}, {name: a, zipkin: {service: a, port: 1}}]\n", problems,
               Kind::mesh_config);
  EXPECT_EQ(problems.str(),
            "a.yaml:1:1: MeshConfig: trustDomian: unknown field of MeshConfig; did you mean 'trustDomain'?\n"
            "a.yaml:1:22: MeshConfig: extensionProviders[0]: says no kind of provider\n"
            "a.yaml:1:40: MeshConfig: extensionProviders[1].name: \"a\" is there twice\n3 errors\n");
}

TEST(Decode, kubernetes_objects) {
  expect_problems(
      "v1", "Service",
      {{"  ports: [{port: 80}, {port: 81}]\n",
        "5:10: Service shop/x: spec.ports: port 80 has no name, but there are several; give each a name\n"},
       {"  clusterIP: Nonee\n  ports: [{port: 0, protocol: tcp, targetport: 8080}]\n",
        "5:14: Service shop/x: spec.clusterIP: is \"Nonee\", which is no IP address; write an address, or None for a "
        "headless service\n"
        "6:31: Service shop/x: spec.ports[0].protocol: is \"tcp\", which it cannot be; did you mean 'TCP'?\n"
        "6:18: Service shop/x: spec.ports[0].port: is 0, but must be a whole number from 1 to 65535\n"
        "6:36: Service shop/x: spec.ports[0].targetport: unknown field of ServicePort; did you mean 'targetPort'?\n"},
       {"  type: ExternalName\n", "5:3: Service shop/x: spec.externalName: is missing\n"}});
  EXPECT_EQ(problems_of("apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: x}\nendpoints: [{}]\n"),
            "a.yaml:1:1: EndpointSlice default/x: addressType: is missing\n"
            "a.yaml:4:13: EndpointSlice default/x: endpoints[0].addresses: is missing\n2 errors\n");
  EXPECT_EQ(problems_of("apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata: {a: '!'}\n"),
            "a.yaml:4:11: Secret default/x: data.a: is no base64; text that is not encoded goes into stringData\n"
            "1 error\n");
  config::Problems problems;
  const auto objects = read_objects(
      "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ntype: kubernetes.io/tls\ndata: {tls.crt: YWJj}\n"
      "stringData: {tls.key: k}\n",
      problems);
  EXPECT_EQ(problems.str(), "");
  const auto& secret = *std::get<std::shared_ptr<const K8sSecret>>(objects.at(0));
  EXPECT_EQ(secret.spec.data.at("tls.crt"), "abc");
  EXPECT_EQ(secret.spec.data.at("tls.key"), "k");
}

TEST(Decode, gateway_api_objects_that_are_wrong) {
  expect_problems(
      kGatewayApi, "Gateway",
      {{"  gatewayClassName: istio\n  listeners: [{name: a, port: 443, protocol: HTTPS}]\n",
        "6:15: Gateway.gateway.networking.k8s.io shop/x: spec.listeners[0].tls: is missing, as protocol is HTTPS\n"},
       {"  gatewayClassName: istio\n  listeners: [{name: a, port: 80, protocol: HTTP}, {name: a, port: 80, protocol: "
        "HTTP}]\n",
        "6:14: Gateway.gateway.networking.k8s.io shop/x: spec.listeners: the name \"a\" is used twice\n"
        "6:14: Gateway.gateway.networking.k8s.io shop/x: spec.listeners: port 80, protocol HTTP and hostname \"\" are "
        "there twice\n"}});
  expect_problems(
      kGatewayApi, "HTTPRoute",
      {{"  rules: [{matches: [{path: {type: Prefix, value: a}}], backendRefs: [{name: a}]}]\n",
        "5:36: HTTPRoute shop/x: spec.rules[0].matches[0].path.type: is \"Prefix\", which it cannot be; did you mean "
        "'PathPrefix'?\n"
        "5:51: HTTPRoute shop/x: spec.rules[0].matches[0].path.value: is \"a\", which is no path; a path begins with "
        "'/' "
        "and has no '//', '?' or '#'\n"
        "5:71: HTTPRoute shop/x: spec.rules[0].backendRefs[0].port: is missing; a Service is referred to with one of "
        "its "
        "ports\n"},
       {"  rules: [{filters: [{type: RequestRedirect, urlRewrite: {}}]}]\n",
        "5:22: HTTPRoute shop/x: spec.rules[0].filters[0].requestRedirect: is missing, as type is RequestRedirect\n"
        "5:58: HTTPRoute shop/x: spec.rules[0].filters[0].urlRewrite: is set, but type is RequestRedirect\n"},
       {"  rules: [{timeouts: {request: 1s, backendRequest: 2s}}]\n",
        "5:52: HTTPRoute shop/x: spec.rules[0].timeouts.backendRequest: is longer than request; make it at most as "
        "long\n"}});
  expect_problems(
      kGatewayApi, "GRPCRoute",
      {{"  rules: [{matches: [{method: {}}]}]\n",
        "5:31: GRPCRoute shop/x: spec.rules[0].matches[0].method: has neither service nor method; set one, or "
        "leave method out to match all\n"}});
  expect_problems(kGatewayApi, "TCPRoute",
                  {{"  rules: [{}]\n", "5:11: TCPRoute shop/x: spec.rules[0].backendRefs: is missing\n"}});
  expect_problems(kGatewayApi, "TLSRoute",
                  {{"  hostnames: ['*']\n  rules: [{backendRefs: [{name: a, port: 1}]}]\n",
                    "5:14: TLSRoute shop/x: spec.hostnames: holds \"*\", which is no host name "
                    "here; leave hostnames out to match all\n"}});
  expect_problems(kGatewayApi, "ReferenceGrant",
                  {{"  from: [{kind: HTTPRoute}]\n  to: [{kind: Service}]\n",
                    "5:10: ReferenceGrant shop/x: spec.from[0].namespace: is missing\n"}});
  EXPECT_EQ(
      problems_of("apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: x}\nspec: {}\n"),
      "a.yaml:4:7: GatewayClass x: spec.controllerName: is missing\n1 error\n");
}

TEST(Decode, an_http_route_is_read_field_by_field) {
  const auto world = world_of(R"(
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: x, namespace: shop}
spec:
  parentRefs: [{name: edge, sectionName: http}]
  hostnames: [shop.example.com]
  rules:
  - matches:
    - path: {type: Exact, value: /a}
      headers: [{name: x-a, value: b, type: RegularExpression}]
      method: GET
    filters:
    - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}], remove: [c]}}
    - {type: RequestMirror, requestMirror: {backendRef: {name: m, port: 80}, fraction: {numerator: 1, denominator: 4}}}
    - {type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /b}}}
    backendRefs: [{name: web, port: 80, weight: 3}, {name: web2, port: 80}]
    timeouts: {request: 1s500ms}
    retry: {codes: [503], attempts: 2, backoff: 10ms}
  - backendRefs: [{name: web, port: 80}]
)");
  const auto& spec = world->table<HttpRoute>().find("shop", "x")->spec;
  EXPECT_EQ(spec.parents.at(0).kind, "Gateway");
  EXPECT_EQ(spec.parents.at(0).section, "http");
  const HttpRouteRule& rule = spec.rules.at(0);
  EXPECT_EQ(rule.origin.line, 9u);
  EXPECT_EQ(rule.matches.at(0).path_type, MatchType::exact);
  EXPECT_EQ(rule.matches.at(0).headers.at(0).type, MatchType::regex);
  EXPECT_EQ(rule.filters.request_headers->remove.at(0), "c");
  EXPECT_EQ(rule.filters.mirrors.at(0).percent, 25);
  EXPECT_EQ(rule.filters.rewrite->path->value, "/b");
  EXPECT_EQ(rule.backends.at(0).weight, 3u);
  EXPECT_EQ(rule.backends.at(1).weight, 1u);
  EXPECT_EQ(rule.request_timeout_ms, 1500);
  EXPECT_EQ(rule.retry->codes.at(0), 503u);
  EXPECT_EQ(spec.rules.at(1).matches.at(0).path, "/");
}

}  // namespace
}  // namespace proa::mesh
