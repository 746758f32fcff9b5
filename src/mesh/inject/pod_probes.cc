#include "mesh/inject/pod_probes.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/number.h"
#include "config/write_yaml.h"

namespace proa::mesh {

namespace {

using config::Node;
using Json = nlohmann::ordered_json;

constexpr std::pair<const char*, const char*> kProbes[] = {
    {"livenessProbe", "livez"}, {"readinessProbe", "readyz"}, {"startupProbe", "startupz"}};
constexpr const char* kHandlers[] = {"httpGet", "tcpSocket", "grpc"};

Json json_of(Node node) {
  if (node.is_sequence()) {
    Json out = Json::array();
    for (std::size_t i = 0; i < node.size(); ++i) out.push_back(json_of(node.item(i)));
    return out;
  }
  if (node.is_mapping()) {
    Json out = Json::object();
    for (std::size_t i = 0; i < node.size(); ++i) out[std::string(node.key(i).text())] = json_of(node.value(i));
    return out;
  }
  if (node.is_null()) return nullptr;
  if (const auto boolean = node.boolean()) return *boolean;
  if (node.plain()) {
    if (const auto number = parse_decimal<std::uint32_t>(node.text())) return *number;
  }
  return std::string(node.text());
}

/// The number of a port that is called by its name in the container.
std::optional<std::uint32_t> port_named(Node container, std::string_view name) {
  const auto ports = container.find("ports");
  if (!ports || !ports->is_sequence()) return std::nullopt;
  for (std::size_t i = 0; i < ports->size(); ++i) {
    const Node port = ports->item(i);
    if (!port.is_mapping()) continue;
    const auto called = port.find("name"), number = port.find("containerPort");
    if (called && number && called->text() == name) return parse_decimal<std::uint32_t>(number->text());
  }
  return std::nullopt;
}

class Leader {
 public:
  Leader(const PodTemplate& pods, TextEdits& edits, std::vector<std::string>& notes)
      : pods_(pods), edits_(edits), notes_(notes) {}

  Result<std::string> led() {
    const Node containers = *pods_.spec.find("containers");
    for (std::size_t i = 0; i < containers.size(); ++i) {
      const Node container = containers.item(i);
      if (!container.is_mapping()) continue;
      const auto name = container.find("name");
      if (!name) continue;
      for (const auto& [probe, last] : kProbes) {
        const auto found = container.find(probe);
        if (!found || !found->is_mapping()) continue;
        const std::string path = fmt::format("/app-health/{}/{}", name->text(), last);
        if (Status led = lead(container, *found, probe, path); !led) return std::unexpected(led.error());
      }
      note_hooks(container, name->text());
    }
    return originals_.empty() ? std::string() : originals_.dump();
  }

 private:
  Status lead(Node container, Node probe, const char* kind, const std::string& path) {
    for (std::size_t i = 0; i < probe.size(); ++i) {
      const std::string_view handler = probe.key(i).text();
      if (std::ranges::find(kHandlers, handler) == std::end(kHandlers) || !probe.value(i).is_mapping()) continue;
      Json what = json_of(probe.value(i));
      if (what.value("scheme", Json("HTTP")) != "HTTP") {
        notes_.push_back(
            fmt::format("{}: the {} over {} stays: it reaches the application only where its port is not "
                        "captured (traffic.sidecar.istio.io/excludeInboundPorts)",
                        pods_.object, kind, what.at("scheme").dump()));
        return {};
      }
      if (!what.contains("port")) return {};
      if (what["port"].is_string()) {
        const auto number = port_named(container, what["port"].get<std::string>());
        if (!number) {
          return fail(fmt::format("{}:{}:{}: {}: the {} names port {}, which its container does not have",
                                  probe.mark().file, probe.mark().line, probe.mark().column, pods_.object, kind,
                                  what["port"].dump()));
        }
        what["port"] = *number;
      }
      Json original{{std::string(handler), std::move(what)}};
      if (const auto timeout = probe.find("timeoutSeconds")) original["timeoutSeconds"] = json_of(*timeout);
      originals_[path] = std::move(original);
      return edits_.replace_entry(probe.key(i), probe.value(i),
                                  fmt::format("httpGet: {{path: {}, port: 15020}}", config::yaml_quoted(path)));
    }
    return {};
  }

  void note_hooks(Node container, std::string_view name) {
    const auto hooks = container.find("lifecycle");
    if (!hooks || !hooks->is_mapping()) return;
    for (std::size_t i = 0; i < hooks->size(); ++i) {
      const Node hook = hooks->value(i);
      if (!hook.is_mapping() || (!hook.find("httpGet") && !hook.find("tcpSocket"))) continue;
      notes_.push_back(fmt::format("{}: the {} hook of {} is a request without identity: STRICT mTLS refuses it",
                                   pods_.object, hooks->key(i).text(), name));
    }
  }

  const PodTemplate& pods_;
  TextEdits& edits_;
  std::vector<std::string>& notes_;
  Json originals_ = Json::object();
};

}  // namespace

Result<std::string> lead_probes(const PodTemplate& pods, TextEdits& edits, std::vector<std::string>& notes) {
  return Leader(pods, edits, notes).led();
}

}  // namespace proa::mesh
