#include "mesh/model/analyze.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace proa::mesh {

namespace {

using config::shown;
using istio::networking::v1alpha3::ClientTLSSettings;
using istio::networking::v1alpha3::Destination;

/// Whether `pattern` ("*.example.com") and `host` (the same, or a name) have a name in common.
bool overlap(std::string_view a, std::string_view b) {
  const auto covers = [](std::string_view pattern, std::string_view host) {
    return pattern == "*" || pattern == host ||
           (pattern.starts_with("*.") && host.size() > pattern.size() - 1 && host.ends_with(pattern.substr(1)));
  };
  return covers(a, b) || covers(b, a);
}

/// "shop/shop.example.com" -> "shop.example.com".
std::string_view host_part(std::string_view text) { return text.substr(text.find('/') + 1); }

class Analysis {
 public:
  explicit Analysis(const World& world) : world_(world) {}

  std::vector<Finding> run() {
    world_.table<VirtualService>().each([&](const auto& each) { virtual_service(each); });
    world_.table<DestinationRule>().each([&](const auto& each) { destination_rule(each); });
    world_.table<Gateway>().each([&](const auto& each) { credentials(each); });
    world_.table<K8sService>().each([&](const auto& each) { port_names(each); });
    world_.table<AuthorizationPolicy>().each([&](const auto& each) { provider(each); });
    conflicting_hosts();
    conflicting_gateways();
    alone_without_selector<Sidecar>("IST0111", "MultipleSidecarsWithoutWorkloadSelectors");
    alone_without_selector<Telemetry>("IST0160", "MultipleTelemetriesWithoutWorkloadSelectors");
    std::ranges::stable_sort(findings_, [](const Finding& a, const Finding& b) {
      return std::tie(a.origin.file, a.origin.line) < std::tie(b.origin.file, b.origin.line);
    });
    return std::move(findings_);
  }

 private:
  void not_found(const Meta& meta, std::string path, std::string_view what, const std::string& name, std::string fix) {
    add(meta, {"IST0101", "ReferencedResourceNotFound", Level::error}, std::move(path),
        fmt::format("names the {} {}, which is not there", what, shown(name)), std::move(fix));
  }

  void add(const Meta& meta, Finding finding, std::string path, std::string what, std::string fix = {}) {
    finding.origin = meta.origin;
    finding.path = std::move(path);
    finding.what = std::move(what);
    finding.fix = std::move(fix);
    findings_.push_back(std::move(finding));
  }

  /// The service that a destination means, or one whose wildcard covers it.
  const Service* service(const std::string& host, std::string_view ns) const {
    const std::string name = full_host_name(host, ns, world_.domain());
    const auto& exact = world_.services().named(name);
    if (!exact.empty()) return exact.front().get();
    for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
      const auto& wild = world_.services().named("*" + name.substr(dot));
      if (!wild.empty()) return wild.front().get();
    }
    return nullptr;
  }

  void destination(const VirtualService& route, const Destination& to, const std::string& path) {
    const Service* target = service(to.host(), route.meta.ns);
    if (target == nullptr) {
      return not_found(route.meta, path + ".host", "host", to.host(),
                       "declare it by a Service or a ServiceEntry, or correct the name");
    }
    if (!to.has_port() && target->ports.size() > 1) {
      add(route.meta, {"IST0112", "VirtualServiceDestinationPortSelectorRequired", Level::error}, path,
          fmt::format("does not say which of the {} ports of {} is meant", target->ports.size(), to.host()),
          "set port.number");
    } else if (to.has_port() && target->port(to.port().number()) == nullptr) {
      not_found(route.meta, path + ".port", "port", fmt::format("{}:{}", to.host(), to.port().number()),
                "use one that the service has");
    }
    if (!to.subset().empty() && !has_subset(*target, to.subset(), route.meta.ns)) {
      not_found(route.meta, path + ".subset", "subset", fmt::format("{}+{}", to.host(), to.subset()),
                "define it in a DestinationRule of the host");
    }
  }

  bool has_subset(const Service& target, const std::string& subset, std::string_view ns) const {
    for (const std::string_view from : {ns, std::string_view(target.ns), std::string_view(world_.root_namespace())}) {
      for (const auto& rule : world_.routes().covering(from, target.hostname)) {
        for (const auto& each : rule->spec.subsets()) {
          if (each.name() == subset) return true;
        }
      }
    }
    return false;
  }

  void virtual_service(const VirtualService& route) {
    for (int i = 0; i < route.spec.http_size(); ++i) {
      const auto& http = route.spec.http(i);
      for (int n = 0; n < http.route_size(); ++n) {
        destination(route, http.route(n).destination(), fmt::format("spec.http[{}].route[{}].destination", i, n));
      }
      if (http.has_mirror()) destination(route, http.mirror(), fmt::format("spec.http[{}].mirror", i));
      for (int n = 0; n < http.mirrors_size(); ++n) {
        destination(route, http.mirrors(n).destination(), fmt::format("spec.http[{}].mirrors[{}].destination", i, n));
      }
      if (http.has_delegate()) delegate(route, http.delegate(), i);
    }
    const auto l4 = [&](const auto& routes, std::string_view field) {
      for (int i = 0; i < routes.size(); ++i) {
        for (int n = 0; n < routes[i].route_size(); ++n) {
          destination(route, routes[i].route(n).destination(),
                      fmt::format("spec.{}[{}].route[{}].destination", field, i, n));
        }
      }
    };
    l4(route.spec.tls(), "tls");
    l4(route.spec.tcp(), "tcp");
    for (int i = 0; i < route.spec.gateways_size(); ++i) gateway(route, i);
  }

  void delegate(const VirtualService& route, const istio::networking::v1alpha3::Delegate& to, int rule) {
    const std::string ns = to.namespace_().empty() ? route.meta.ns : to.namespace_();
    if (world_.table<VirtualService>().find(ns, to.name()) != nullptr) return;
    not_found(route.meta, fmt::format("spec.http[{}].delegate", rule), "VirtualService", ns + "/" + to.name(),
              "write it, or correct the name");
  }

  void gateway(const VirtualService& route, int index) {
    const std::string name = full_gateway_name(route.spec.gateways(index), route.meta.ns);
    if (name == "mesh") return;
    const std::string path = fmt::format("spec.gateways[{}]", index);
    const std::size_t slash = name.find('/');
    const Gateway* found = world_.table<Gateway>().find(name.substr(0, slash), name.substr(slash + 1));
    if (found == nullptr) {
      return not_found(route.meta, path, "gateway", route.spec.gateways(index), "write it as NAMESPACE/NAME");
    }
    const bool reached = std::ranges::any_of(route.spec.hosts(), [&](const std::string& host) {
      return std::ranges::any_of(found->spec.servers(), [&](const auto& server) {
        return std::ranges::any_of(server.hosts(),
                                   [&](const std::string& of_server) { return overlap(host_part(of_server), host); });
      });
    });
    if (reached) return;
    add(route.meta, {"IST0132", "VirtualServiceHostNotFoundInGateway", Level::warning}, path,
        fmt::format("none of its hosts is one of Gateway {}", name), "add the host to a server of the Gateway");
  }

  void destination_rule(const DestinationRule& rule) {
    const std::string& host = rule.spec.host();
    const Service* target = service(host, rule.meta.ns);
    const std::string full = full_host_name(host, rule.meta.ns, world_.domain());
    if (target == nullptr && !covers_some_service(full)) {
      add(rule.meta, {"IST0174", "UnknownDestinationRuleHost", Level::warning}, "spec.host",
          fmt::format("is {}, which no service of the mesh has", shown(host)), "correct the name, or remove the rule");
    }
    if (target != nullptr) {
      for (int i = 0; i < rule.spec.subsets_size(); ++i) subset(rule, *target, i);
    }
    unverified(rule, rule.spec.traffic_policy(), "spec.trafficPolicy");
    for (int i = 0; i < rule.spec.subsets_size(); ++i) {
      unverified(rule, rule.spec.subsets(i).traffic_policy(), fmt::format("spec.subsets[{}].trafficPolicy", i));
    }
  }

  bool covers_some_service(const std::string& pattern) const {
    for (const auto& [ns, services] : world_.services().by_namespace()) {
      for (const auto& each : *services) {
        if (overlap(pattern, each->hostname)) return true;
      }
    }
    return false;
  }

  void subset(const DestinationRule& rule, const Service& target, int index) {
    const auto& subset = rule.spec.subsets(index);
    if (subset.labels().empty()) return;
    bool any = false;
    for (const ServicePort& port : target.ports) {
      for (const ServiceEndpoint& endpoint : world_.services().endpoints(target, port)) {
        any = true;
        const bool selected = std::ranges::all_of(subset.labels(), [&](const auto& label) {
          const auto found = endpoint.workload->labels.find(label.first);
          return found != endpoint.workload->labels.end() && found->second == label.second;
        });
        if (selected) return;
      }
    }
    // Endpoints of slices have no labels here, so nothing can be said of them.
    if (!any || target.kind == Kind::k8s_service) return;
    add(rule.meta, {"IST0173", "DestinationRuleSubsetNotSelectPods", Level::error},
        fmt::format("spec.subsets[{}]", index),
        fmt::format("{} selects none of the service's workloads: requests for it get 503", shown(subset.name())),
        "correct its labels");
  }

  template <class Policy>
  void unverified(const DestinationRule& rule, const Policy& policy, const std::string& path) {
    const auto blind = [&](const ClientTLSSettings& tls) {
      const bool own = tls.mode() == ClientTLSSettings::SIMPLE || tls.mode() == ClientTLSSettings::MUTUAL;
      return own && tls.insecure_skip_verify().value();
    };
    const std::string mode = ClientTLSSettings::TLSmode_Name(policy.tls().mode());
    if (blind(policy.tls())) {
      add(rule.meta, {"IST0128", "NoServerCertificateVerificationDestinationLevel", Level::warning}, path + ".tls",
          fmt::format("has mode {} but verifies nothing of {}", mode, rule.spec.host()), "set caCertificates");
    }
    for (int i = 0; i < policy.port_level_settings_size(); ++i) {
      if (!blind(policy.port_level_settings(i).tls())) continue;
      add(rule.meta, {"IST0129", "NoServerCertificateVerificationPortLevel", Level::warning},
          fmt::format("{}.portLevelSettings[{}].tls", path, i), fmt::format("verifies nothing of {}", rule.spec.host()),
          "set caCertificates");
    }
  }

  void credentials(const Gateway& gateway) {
    if (world_.table<K8sSecret>().size() == 0) return;  // they are kept elsewhere
    for (int i = 0; i < gateway.spec.servers_size(); ++i) {
      const std::string& name = gateway.spec.servers(i).tls().credential_name();
      if (name.empty() || name.find("://") != std::string::npos) continue;
      bool found = false;
      for (const auto& [ns, secrets] : world_.table<K8sSecret>().namespaces()) {
        found = found || world_.table<K8sSecret>().find(ns, name) != nullptr;
      }
      if (!found) {
        not_found(gateway.meta, fmt::format("spec.servers[{}].tls.credentialName", i), "credentialName", name,
                  "write a Secret of that name in the namespace where the gateway runs");
      }
    }
  }

  void provider(const AuthorizationPolicy& policy) {
    const std::string& name = policy.spec.provider().name();
    if (name.empty()) return;
    const bool known =
        std::ranges::any_of(world_.mesh().extension_providers(), [&](const auto& each) { return each.name() == name; });
    if (known) return;
    not_found(policy.meta, "spec.provider.name", "provider", name, "define it in extensionProviders of the MeshConfig");
  }

  void port_names(const K8sService& object) {
    for (std::size_t i = 0; i < object.spec.ports.size(); ++i) {
      const K8sServicePort& port = object.spec.ports[i];
      if (protocol_of(port.app_protocol, port.name, port.port, port.protocol) != Protocol::automatic) continue;
      add(object.meta, {"IST0118", "PortNameIsNotUnderNamingConvention", Level::info}, fmt::format("spec.ports[{}]", i),
          fmt::format("port {} says no protocol, so it is told from the first bytes", port.port),
          "set appProtocol, or begin its name with one, as in http-web");
    }
  }

  void conflicting_hosts() {
    std::map<std::string, const VirtualService*> owners;
    for (const auto& route : world_.routes().for_gateway("mesh")) {
      for (const std::string& host : route->spec.hosts()) {
        const auto [owner, fresh] = owners.emplace(full_host_name(host, route->meta.ns, world_.domain()), route.get());
        if (fresh) continue;
        add(route->meta, {"IST0109", "ConflictingMeshGatewayVirtualServiceHosts", Level::error}, "spec.hosts",
            fmt::format("{} is a host of {} too, which counts because it is older", shown(host),
                        shown(owner->second->meta.origin)),
            "write one VirtualService for the host");
      }
    }
  }

  void conflicting_gateways() {
    std::vector<const Gateway*> all;
    world_.table<Gateway>().each([&](const Gateway& each) { all.push_back(&each); });
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (std::size_t j = i + 1; j < all.size(); ++j) conflict(*all[i], *all[j]);
    }
  }

  void conflict(const Gateway& a, const Gateway& b) {
    const auto labels = [](const Gateway& gateway) {
      return std::map<std::string, std::string>(gateway.spec.selector().begin(), gateway.spec.selector().end());
    };
    if (labels(a) != labels(b)) return;
    for (const auto& mine : a.spec.servers()) {
      for (const auto& theirs : b.spec.servers()) {
        if (mine.port().number() != theirs.port().number()) continue;
        for (const std::string& host : theirs.hosts()) {
          const bool same = std::ranges::any_of(
              mine.hosts(), [&](const std::string& other) { return host_part(other) == host_part(host); });
          if (!same) continue;
          return add(
              b.meta, {"IST0145", "ConflictingGateways", Level::error}, "spec.servers",
              fmt::format("port {} and host {} are in {} too", mine.port().number(), shown(host), shown(a.meta.origin)),
              "keep them in one Gateway");
        }
      }
    }
  }

  template <class T>
  void alone_without_selector(std::string_view code, std::string_view name) {
    const auto selects = [](const auto& spec) {
      if constexpr (requires { spec.workload_selector().labels(); }) {
        return !spec.workload_selector().labels().empty();
      } else {
        return !spec.selector().match_labels().empty() || spec.has_targetref() || !spec.targetrefs().empty();
      }
    };
    for (const auto& [ns, rows] : world_.table<T>().namespaces()) {
      const T* first = nullptr;
      for (const auto& row : *rows) {
        if (selects(row->spec)) continue;
        if (first == nullptr) {
          first = row.get();
          continue;
        }
        add(row->meta, {code, name, Level::error}, {},
            fmt::format("has no selector, nor has {}, which counts because it is older", shown(first->meta.origin)),
            "give it a selector, or keep one of the two");
      }
    }
  }

  const World& world_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> analyze(const World& world) { return Analysis(world).run(); }

Finding finding_of(const config::Problem& problem) {
  const bool error = problem.severity == config::Severity::error;
  Finding out{error ? "IST0106" : "IST0133", error ? "SchemaValidationError" : "SchemaWarning",
              error ? Level::error : Level::warning};
  out.origin = {{}, std::string(problem.at.file), problem.at.line, problem.at.column};
  out.path = problem.path;
  out.what = problem.what;
  out.fix = problem.fix;
  return out;
}

std::string_view name_of(Level level) {
  return level == Level::error ? "Error" : level == Level::warning ? "Warning" : "Info";
}

}  // namespace proa::mesh
