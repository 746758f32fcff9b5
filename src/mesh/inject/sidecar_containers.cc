#include "mesh/inject/sidecar_containers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/write_yaml.h"

namespace proa::mesh {

namespace {

using config::yaml_quoted;

/// Annotations that are options of `proa redirect`.
constexpr std::pair<std::string_view, const char*> kRedirect[] = {
    {"traffic.sidecar.istio.io/includeInboundPorts", "-b"},
    {"traffic.sidecar.istio.io/includeOutboundIPRanges", "-i"},
    {"traffic.sidecar.istio.io/excludeOutboundIPRanges", "-x"},
    {"traffic.sidecar.istio.io/includeOutboundPorts", "-q"},
    {"traffic.sidecar.istio.io/excludeOutboundPorts", "-o"},
    {"traffic.sidecar.istio.io/excludeInterfaces", "-c"},
    {"traffic.sidecar.istio.io/kubevirtInterfaces", "-k"}};
constexpr std::string_view kExcludeInbound = "traffic.sidecar.istio.io/excludeInboundPorts";
/// Annotations that are resources of the proxy's container.
constexpr std::array<std::pair<std::string_view, const char*>, 2> kRequests = {
    {{"sidecar.istio.io/proxyCPU", "cpu"}, {"sidecar.istio.io/proxyMemory", "memory"}}};
constexpr std::array<std::pair<std::string_view, const char*>, 2> kLimits = {
    {{"sidecar.istio.io/proxyCPULimit", "cpu"}, {"sidecar.istio.io/proxyMemoryLimit", "memory"}}};
constexpr std::string_view kImage = "sidecar.istio.io/proxyImage";
constexpr std::string_view kOthers[] = {"sidecar.istio.io/inject", "sidecar.istio.io/status",
                                        "sidecar.istio.io/rewriteAppHTTPProbers"};

/// Kubernetes puts variables in for "$(NAME)".
std::string literal(std::string text) {
  for (std::size_t at = text.find("$("); at != std::string::npos; at = text.find("$(", at + 3)) text.insert(at, "$");
  return text;
}

std::string args(const std::vector<std::string>& words) {
  std::string out = "  args: [";
  for (std::size_t i = 0; i < words.size(); ++i) out += (i == 0 ? "" : ", ") + yaml_quoted(words[i]);
  return out + "]";
}

Lines redirect_container(const PodTemplate& pods, const std::string& image) {
  std::vector<std::string> words = {"redirect", "apply"};
  for (const auto& [annotation, option] : kRedirect) {
    if (const auto value = pods.annotation(annotation)) words.insert(words.end(), {option, *value});
  }
  // The agent's and the proxy's own ports are asked without identity.
  std::string exclude = "15090,15021,15020";
  if (const auto more = pods.annotation(kExcludeInbound); more && !more->empty()) exclude += "," + *more;
  words.insert(words.end(), {"-d", exclude});
  return {fmt::format("- name: {}", kInitName),
          "  image: " + image,
          "  command: [proa]",
          args(words),
          "  securityContext:",
          "    runAsUser: 0",
          "    runAsGroup: 0",
          "    runAsNonRoot: false",
          "    allowPrivilegeEscalation: false",
          "    readOnlyRootFilesystem: true",
          "    capabilities: {drop: [ALL], add: [NET_ADMIN, NET_RAW]}"};
}

void add_resources(const PodTemplate& pods, Lines& out) {
  const auto amounts = [&](const auto& annotations) {
    std::string text;
    for (const auto& [annotation, what] : annotations) {
      if (const auto value = pods.annotation(annotation)) {
        text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", what, yaml_quoted(*value));
      }
    }
    return text;
  };
  const std::string requests = amounts(kRequests), limits = amounts(kLimits);
  if (requests.empty() && limits.empty()) return;
  out.push_back("  resources:");
  if (!requests.empty()) out.push_back("    requests: {" + requests + "}");
  if (!limits.empty()) out.push_back("    limits: {" + limits + "}");
}

std::vector<std::string> sidecar_words(const PodTemplate& pods, const InjectOptions& options, const std::string& mode) {
  std::vector<std::string> out = {"sidecar",        "run",
                                  "--control",      options.control,
                                  "--root",         "/var/run/secrets/istio/root-cert.pem",
                                  "--token-file",   "/var/run/secrets/tokens/istio-token",
                                  "--run-dir",      "/var/run/proa",
                                  "--workload",     pods.name,
                                  "--name",         "$(POD_NAME)",
                                  "--ip",           "$(POD_IP)",
                                  "--domain",       options.domain,
                                  "--cluster-id",   options.cluster_id,
                                  "--interception", mode};
  const auto labels = pods.metadata ? pods.metadata->find("labels") : std::nullopt;
  for (std::size_t i = 0; labels && labels->is_mapping() && i < labels->size(); ++i) {
    out.insert(out.end(), {"--label", literal(fmt::format("{}={}", labels->key(i).text(), labels->value(i).text()))});
  }
  for (const auto& [key, value] : added_labels(pods)) {
    out.insert(out.end(), {"--label", literal(fmt::format("{}={}", key, value))});
  }
  return out;
}

Lines proxy_container(const PodTemplate& pods, const InjectOptions& options, const std::string& image,
                      const std::string& mode, const std::string& probes) {
  Lines out = {fmt::format("- name: {}", kProxyName),
               "  image: " + image,
               "  restartPolicy: Always",
               "  command: [proa]",
               args(sidecar_words(pods, options, mode)),
               "  env:",
               "  - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}",
               "  - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}"};
  if (!probes.empty()) {
    out.push_back("  - name: ISTIO_KUBE_APP_PROBERS");
    out.push_back("    value: " + yaml_quoted(literal(probes)));
  }
  const Lines rest = {"  ports:",
                      "  - {name: http-envoy-prom, containerPort: 15090, protocol: TCP}",
                      "  startupProbe:",
                      "    httpGet: {path: /healthz/ready, port: 15021}",
                      "    periodSeconds: 1",
                      "    failureThreshold: 600",
                      "  readinessProbe:",
                      "    httpGet: {path: /healthz/ready, port: 15021}",
                      "    periodSeconds: 15",
                      "    timeoutSeconds: 3",
                      "  securityContext:",
                      "    runAsUser: 1337",
                      "    runAsGroup: 1337",
                      "    runAsNonRoot: true",
                      "    allowPrivilegeEscalation: false",
                      "    readOnlyRootFilesystem: true",
                      "    capabilities: {drop: [ALL]}",
                      "  volumeMounts:",
                      "  - {name: istio-token, mountPath: /var/run/secrets/tokens, readOnly: true}",
                      "  - {name: istiod-ca-cert, mountPath: /var/run/secrets/istio, readOnly: true}",
                      "  - {name: proa-run, mountPath: /var/run/proa}"};
  out.insert(out.end(), rest.begin(), rest.end());
  add_resources(pods, out);
  return out;
}

}  // namespace

Result<Lines> sidecar_containers(const PodTemplate& pods, const InjectOptions& options, const std::string& probes) {
  const std::string mode = pods.annotation(kInterception).value_or("REDIRECT");
  if (mode != "REDIRECT" && mode != "NONE") {
    return fail(fmt::format("{}: {} is {}: pods can have REDIRECT or NONE", pods.object, kInterception, mode));
  }
  const std::string image = yaml_quoted(pods.annotation(kImage).value_or(options.image));
  Lines out;
  if (mode == "REDIRECT") out = redirect_container(pods, image);
  const Lines proxy = proxy_container(pods, options, image, mode, probes);
  out.insert(out.end(), proxy.begin(), proxy.end());
  return out;
}

std::vector<std::pair<std::string, std::string>> added_labels(const PodTemplate& pods) {
  const auto first_of = [&](std::initializer_list<const char*> keys, const std::string& otherwise) {
    for (const char* key : keys) {
      if (const auto value = pods.label(key)) return *value;
    }
    return otherwise;
  };
  std::vector<std::pair<std::string, std::string>> out;
  const auto add = [&](const char* key, const std::string& value) {
    if (!pods.label(key)) out.emplace_back(key, value);
  };
  add("security.istio.io/tlsMode", "istio");
  add("service.istio.io/canonical-name", first_of({"app.kubernetes.io/name", "app"}, pods.name));
  add("service.istio.io/canonical-revision", first_of({"app.kubernetes.io/version", "version"}, "latest"));
  return out;
}

Lines sidecar_volumes(const InjectOptions& options) {
  return {"- name: istio-token",
          "  projected:",
          "    sources:",
          fmt::format("    - serviceAccountToken: {{audience: {}, expirationSeconds: 43200, path: istio-token}}",
                      yaml_quoted(options.token_audience)),
          "- name: istiod-ca-cert",
          fmt::format("  configMap: {{name: {}}}", yaml_quoted(options.root_config_map)),
          "- name: proa-run",
          "  emptyDir: {medium: Memory}"};
}

bool is_known_annotation(std::string_view name) {
  const auto is = [&](const auto& each) { return each.first == name; };
  return std::ranges::any_of(kRedirect, is) || std::ranges::any_of(kRequests, is) || std::ranges::any_of(kLimits, is) ||
         std::ranges::find(kOthers, name) != std::end(kOthers) || name == kExcludeInbound || name == kInterception ||
         name == kImage;
}

}  // namespace proa::mesh
