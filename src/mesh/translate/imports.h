// imports: which hosts of which namespaces a Sidecar's egress lets in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mesh/model/object.h"

namespace proa::mesh {

/// "namespace/host" of one egress listener or of all, some of them exclusions.
class Imports {
 public:
  /// Of all listeners; everything, without a Sidecar or without any. `own`: the proxy's namespace.
  Imports(const Sidecar* sidecar, std::string_view own);
  Imports(const istio::networking::v1alpha3::IstioEgressListener& listener, std::string_view own);

  bool has(std::string_view ns, std::string_view host) const;

 private:
  struct Pattern {
    std::string ns;
    std::string host;
  };
  void add(const std::string& text, std::string_view own);

  std::vector<Pattern> included_;
  std::vector<Pattern> excluded_;
};

}  // namespace proa::mesh
