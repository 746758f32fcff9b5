#include "mesh/model/read_kubernetes.h"

#include <fmt/format.h>

#include <set>

#include "config/scalar_text.h"
#include "mesh/source/fields.h"
#include "mesh/source/names.h"
#include "net/address.h"

namespace proa::mesh {

namespace {

using config::FieldPath;
using config::Node;
using config::Problems;

bool is_ip(const std::string& text) { return net::Address::parse_ip(text, 0).has_value(); }

K8sServicePort read_port(const Node& node, const FieldPath& path, Problems& problems) {
  Fields fields(node, path, "ServicePort", problems);
  K8sServicePort out;
  out.name = fields.text_or("name");
  if (!out.name.empty()) {
    if (const std::string wrong = not_a_dns_label(out.name); !wrong.empty()) fields.error("name", wrong);
  }
  out.protocol = fields.one_of("protocol", {"TCP", "UDP", "SCTP"}).value_or("TCP");
  out.app_protocol = fields.text_or("appProtocol");
  fields.require("port");
  out.port = static_cast<std::uint32_t>(fields.number("port", 1, 65535).value_or(0));
  if (auto target = fields.number_or_name("targetPort")) out.target = {target->number, target->name};
  fields.number("nodePort", 0, 65535);
  fields.done();
  return out;
}

/// Two ports are told apart by name, so all need one.
void check_ports(Fields& fields, const std::vector<K8sServicePort>& ports) {
  std::set<std::string> names;
  std::set<std::pair<std::uint32_t, std::string>> numbers;
  for (const K8sServicePort& port : ports) {
    if (ports.size() > 1 && port.name.empty()) {
      return fields.error("ports", fmt::format("port {} has no name, but there are several", port.port),
                          "give each a name");
    }
    if (!names.insert(port.name).second) {
      return fields.error("ports", fmt::format("the name {} is used twice", config::shown(port.name)));
    }
    if (!numbers.emplace(port.port, port.protocol).second) {
      return fields.error("ports", fmt::format("{} port {} is there twice", port.protocol, port.port));
    }
  }
}

void read_spec(const Node& node, const FieldPath& path, K8sServiceSpec& spec, Problems& problems) {
  Fields fields(node, path, "ServiceSpec", problems);
  spec.type = fields.one_of("type", {"ClusterIP", "NodePort", "LoadBalancer", "ExternalName"}).value_or("ClusterIP");
  spec.cluster_ips = fields.texts("clusterIPs");
  const std::string cluster_ip = fields.text_or("clusterIP");
  if (spec.cluster_ips.empty() && !cluster_ip.empty()) spec.cluster_ips.push_back(cluster_ip);
  for (const std::string& address : spec.cluster_ips) {
    if (address != "None" && !is_ip(address)) {
      fields.error("clusterIP", fmt::format("is {}, which is no IP address", config::shown(address)),
                   "write an address, or None for a headless service");
    }
  }
  spec.external_name = fields.text_or("externalName");
  if (spec.type == "ExternalName" && spec.external_name.empty()) fields.error("externalName", "is missing");
  spec.external_ips = fields.texts("externalIPs");
  spec.selector = fields.labels("selector");
  fields.each("ports",
              [&](const Node& item, const FieldPath& at) { spec.ports.push_back(read_port(item, at, problems)); });
  if (spec.ports.empty() && spec.type != "ExternalName" && !spec.headless()) fields.error("ports", "is missing");
  check_ports(fields, spec.ports);
  spec.publish_not_ready = fields.boolean("publishNotReadyAddresses").value_or(false);
  spec.local_only = fields.one_of("internalTrafficPolicy", {"Cluster", "Local"}).value_or("Cluster") == "Local";
  spec.traffic_distribution = fields.text_or("trafficDistribution");
  fields.ignore({"allocateLoadBalancerNodePorts", "externalTrafficPolicy", "healthCheckNodePort", "ipFamilies",
                 "ipFamilyPolicy", "loadBalancerClass", "loadBalancerIP", "loadBalancerSourceRanges", "sessionAffinity",
                 "sessionAffinityConfig"});
  fields.done();
}

void read_status(const Node& node, const FieldPath& path, K8sServiceSpec& spec, Problems& problems) {
  if (!node.is_mapping()) return;
  const FieldPath at = path / "status";
  const auto balancer = node.find("loadBalancer");
  if (!balancer || !balancer->is_mapping()) return;
  Fields fields(*balancer, at, "LoadBalancerStatus", problems);
  fields.each("ingress", [&](const Node& item, const FieldPath& each) {
    Fields ingress(item, each, "LoadBalancerIngress", problems);
    if (auto ip = ingress.text("ip")) spec.load_balancer_ips.push_back(*ip);
  });
}

K8sEndpoint read_endpoint(const Node& node, const FieldPath& path, Problems& problems) {
  Fields fields(node, path, "Endpoint", problems);
  K8sEndpoint out;
  fields.require("addresses");
  out.addresses = fields.texts("addresses");
  fields.object("conditions", [&](const Node& conditions, const FieldPath& at) {
    Fields of(conditions, at, "EndpointConditions", problems);
    out.ready = of.boolean("ready").value_or(true);
    out.serving = of.boolean("serving").value_or(out.ready);
    out.terminating = of.boolean("terminating").value_or(false);
    of.done();
  });
  out.hostname = fields.text_or("hostname");
  out.node_name = fields.text_or("nodeName");
  out.zone = fields.text_or("zone");
  fields.object("targetRef", [&](const Node& target, const FieldPath& at) {
    Fields of(target, at, "ObjectReference", problems);
    if (of.text_or("kind") == "Pod") out.pod = of.text_or("name");
    of.ignore({"name", "namespace", "uid", "apiVersion", "resourceVersion", "fieldPath"});
    of.done();
  });
  fields.ignore({"hints", "deprecatedTopology"});
  fields.done();
  return out;
}

}  // namespace

void read(const Document& document, const FieldPath& path, K8sServiceSpec& spec, Problems& problems) {
  Fields fields(document.root, path, "Service", problems);
  fields.ignore({"apiVersion", "kind", "metadata"});
  fields.require("spec");
  fields.object("spec", [&](const Node& node, const FieldPath& at) { read_spec(node, at, spec, problems); });
  fields.object("status", [&](const Node& node, const FieldPath& at) { read_status(node, at, spec, problems); });
  fields.done();
}

void read(const Document& document, const FieldPath& path, K8sEndpointSliceSpec& spec, Problems& problems) {
  Fields fields(document.root, path, "EndpointSlice", problems);
  fields.ignore({"apiVersion", "kind", "metadata"});
  const auto service = document.meta.labels.find("kubernetes.io/service-name");
  if (service != document.meta.labels.end()) spec.service = service->second;
  fields.require("addressType");
  spec.address_type = fields.one_of("addressType", {"IPv4", "IPv6", "FQDN"}).value_or("");
  fields.each("endpoints", [&](const Node& item, const FieldPath& at) {
    spec.endpoints.push_back(read_endpoint(item, at, problems));
  });
  fields.each("ports", [&](const Node& item, const FieldPath& at) {
    Fields of(item, at, "EndpointPort", problems);
    spec.ports.push_back({.name = of.text_or("name"),
                          .protocol = of.one_of("protocol", {"TCP", "UDP", "SCTP"}).value_or("TCP"),
                          .app_protocol = of.text_or("appProtocol"),
                          .port = static_cast<std::uint32_t>(of.number("port", 1, 65535).value_or(0))});
    of.done();
  });
  fields.done();
}

void read(const Document& document, const FieldPath& path, K8sNamespaceSpec&, Problems& problems) {
  Fields fields(document.root, path, "Namespace", problems);
  fields.ignore({"apiVersion", "kind", "metadata", "spec", "status"});
  fields.done();
}

void read(const Document& document, const FieldPath& path, K8sSecretSpec& spec, Problems& problems) {
  Fields fields(document.root, path, "Secret", problems);
  fields.ignore({"apiVersion", "kind", "metadata", "immutable"});
  spec.type = fields.text_or("type", "Opaque");
  fields.each_entry("data", [&](std::string_view key, const Node& node, const FieldPath& at) {
    auto bytes = node.is_scalar() ? config::from_base64(node.text()) : std::nullopt;
    if (!bytes) return fields.error(node.mark(), at, "is no base64", "text that is not encoded goes into stringData");
    spec.data.insert_or_assign(std::string(key), std::move(*bytes));
  });
  fields.each_entry("stringData", [&](std::string_view key, const Node& node, const FieldPath& at) {
    if (!node.is_scalar()) return fields.error(node.mark(), at, "must be a string");
    spec.data.insert_or_assign(std::string(key), std::string(node.text()));
  });
  fields.done();
}

}  // namespace proa::mesh
