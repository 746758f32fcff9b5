#include "cli/proa/sidecar_options.h"

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "base/number.h"
#include "net/own_address.h"

namespace proa::cli {

namespace {

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "host";
}

Status read_labels(const std::vector<std::string>& texts, std::map<std::string, std::string>& out) {
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) return fail(fmt::format("--label {} is not NAME=VALUE", text));
    out[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return {};
}

void read_locality(const std::string& text, mesh::SidecarNode& out) {
  const size_t first = std::min(text.find('/'), text.size());
  const size_t second = std::min(text.find('/', first + 1), text.size());
  out.region = text.substr(0, first);
  if (first < text.size()) out.zone = text.substr(first + 1, second - first - 1);
  if (second < text.size()) out.subzone = text.substr(second + 1);
}

}  // namespace

void declare_bootstrap_options(CLI::App& app, SidecarOptions& options) {
  app.add_option("--control", options.control, "the control plane's address over TLS, a name or an IP with the port")
      ->required()
      ->option_text("HOST:PORT");
  app.add_option("--control-name", options.control_name,
                 "DNS name that its certificate must have (istiod.istio-system.svc)")
      ->option_text("NAME");
  app.add_flag("--gateway", options.gateway,
               "a gateway instead of a sidecar: it listens as Gateway objects say that select its labels");
  app.add_option("--workload", options.workload, "what it is called in telemetry; by default its service account")
      ->option_text("NAME");
  app.add_option("--name", options.name, "of this instance; by default the workload's and the host's names")
      ->option_text("NAME");
  app.add_option("--ip", options.addresses, "its addresses; by default the host's first that is not loopback")
      ->option_text("ADDRESS ...");
  app.add_option("--label", options.labels, "labels, by which services and policies select it")
      ->option_text("NAME=VALUE ...");
  app.add_option("--locality", options.locality, "where it runs, for locality load balancing")
      ->option_text("REGION/ZONE/SUBZONE");
  app.add_option("--cluster-id", options.cluster_id, "the cluster that it is part of (Kubernetes)")
      ->option_text("NAME");
  app.add_option("--network", options.network, "the network that it is in")->option_text("NAME");
  app.add_option("--interception", options.interception,
                 "how connections reach the proxy: REDIRECT, TPROXY, or NONE: by the listeners of a Sidecar object")
      ->check(CLI::IsMember({"REDIRECT", "TPROXY", "NONE"}))
      ->option_text("MODE");
  app.add_option("--domain", options.domain, "DNS domain of the mesh's services (cluster.local)")->option_text("NAME");
  app.add_option("--admin", options.admin, "the proxy's admin page, or the path of a Unix socket (127.0.0.1:15000)")
      ->option_text("ADDRESS");
  app.add_option("--metrics", options.metrics, "where the proxy's own metrics can be had; none: '' (0.0.0.0:15090)")
      ->option_text("ADDRESS");
  app.add_option("--readiness", options.readiness, "where the proxy answers /healthz/ready; none: '' (0.0.0.0:15021)")
      ->option_text("ADDRESS");
  app.add_option("--status", options.status,
                 "where the agent answers /healthz/ready and all metrics together (0.0.0.0:15020)")
      ->option_text("ADDRESS");
}

Result<std::pair<std::string, uint16_t>> split_host_port(const std::string& text) {
  const size_t colon = text.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt : parse_decimal<uint16_t>(text.substr(colon + 1));
  if (!port || *port == 0 || colon == 0) return fail(fmt::format("{} is not HOST:PORT", text));
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return std::pair(std::move(host), *port);
}

Result<net::Address> listen_address(const std::string& text) {
  auto address =
      text.starts_with('/') || text.starts_with('@') ? net::Address::unix_path(text) : net::Address::parse(text);
  if (!address) return fail(fmt::format("{}: {}", text, address.error().message));
  return address;
}

Result<std::optional<mesh::ApplicationMetrics>> application_metrics(const std::string& text) {
  if (text.empty()) return std::nullopt;
  mesh::ApplicationMetrics out;
  const size_t slash = std::min(text.find('/'), text.size());
  if (slash < text.size()) out.path = text.substr(slash);
  std::string at = text.substr(0, slash);
  if (at.find(':') == std::string::npos) at = "127.0.0.1:" + at;
  auto address = net::Address::parse(at);
  if (!address) return fail(fmt::format("--app-metrics {} is not [ADDRESS:]PORT[/PATH]", text));
  out.at = *address;
  return std::optional(std::move(out));
}

Result<mesh::SidecarBootstrap> bootstrap_of(const SidecarOptions& options, const mesh::SpiffeId& id) {
  mesh::SidecarBootstrap out;
  out.node.id = id;
  out.node.gateway = options.gateway;
  out.node.workload = options.workload.empty() ? id.account : options.workload;
  out.node.name = options.name.empty() ? out.node.workload + "-" + host_name() : options.name;
  out.node.addresses = options.addresses;
  for (const std::string& ip : options.addresses) {
    if (!net::Address::parse_ip(ip, 0)) return fail(fmt::format("--ip {} is no address", ip));
  }
  if (options.addresses.empty()) out.node.addresses = {net::own_address().ip()};
  if (Status read = read_labels(options.labels, out.node.labels); !read) return std::unexpected(read.error());
  out.node.cluster_id = options.cluster_id;
  out.node.network = options.network;
  out.node.interception = options.interception;
  out.node.dns_domain = options.domain;
  read_locality(options.locality, out.node);
  auto control = split_host_port(options.control);
  if (!control) return fail("--control " + control.error().message);
  std::tie(out.control_host, out.control_port) = *control;
  out.control_name = options.control_name;
  struct {
    const char* name;
    const std::string& text;
    net::Address& to;
    bool needed;
  } const addresses[] = {{"--admin", options.admin, out.admin, true},
                         {"--metrics", options.metrics, out.metrics, false},
                         {"--readiness", options.readiness, out.readiness, false},
                         {"--status", options.status, out.agent, true}};
  for (const auto& each : addresses) {
    if (each.text.empty() && !each.needed) continue;
    auto address = listen_address(each.text);
    if (!address) return fail(fmt::format("{} {}", each.name, address.error().message));
    each.to = *address;
  }
  return out;
}

}  // namespace proa::cli
