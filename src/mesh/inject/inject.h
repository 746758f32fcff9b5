// inject: Kubernetes objects as text, their pods with a sidecar. Everything else of the text stays as it was.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace proa::mesh {

struct InjectOptions {
  std::string image{};  ///< of proa and proa-proxy
  std::string control = "istiod.istio-system.svc:15012";
  std::string root_config_map = "istio-ca-root-cert";  ///< with "root-cert.pem", in the pods' namespace
  std::string token_audience = "istio-ca";
  std::string domain = "cluster.local";
  std::string cluster_id = "Kubernetes";
};

struct Injected {
  std::string text{};
  std::size_t pods = 0;              ///< objects whose pods got a sidecar
  std::vector<std::string> notes{};  ///< of what stays as it was, and what that means
};

/// Pods that have a sidecar, that say "sidecar.istio.io/inject: false", or that have the host's network stay as they are.
/// Fails, with file, line and column, for text that is no YAML and for pods that cannot be changed as they are written.
Result<Injected> inject(std::string_view text, std::string_view file, const InjectOptions& options);

}  // namespace proa::mesh
