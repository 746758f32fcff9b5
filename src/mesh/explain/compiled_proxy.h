// CompiledProxy: what a proxy would run of its resources, without the proxy: nothing listens, nobody is called.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "mesh/push/resource.h"
#include "net/loop.h"
#include "proxy/explain.h"

namespace envoy::config::core::v3 {
class Node;
}

namespace proa::mesh {

/// Clusters are compiled when they are asked for. One thread.
class CompiledProxy final : public proxy::InForce {
 public:
  /// Fails with the first listener that a proxy would refuse, by its name and the reason. `set` outlives it.
  static Result<std::unique_ptr<CompiledProxy>> make(const ResourceSet& set, const envoy::config::core::v3::Node& node);
  ~CompiledProxy() override;

  std::vector<std::shared_ptr<const proxy::ListenerConfig>> listeners() const override { return listeners_; }
  std::vector<net::Address> addresses_of(const proxy::ListenerConfig& listener) const override {
    return listener.addresses;
  }
  std::optional<proxy::ExplainedCluster> cluster(const std::string& name) const override;
  std::shared_ptr<const route::Runtime> runtime() override { return nullptr; }
  net::Loop& loop() override { return loop_; }

 private:
  struct Compilation;

  explicit CompiledProxy(const ResourceSet& set);

  const ResourceSet& set_;
  net::Loop loop_;
  std::unique_ptr<Compilation> compilation_;
  std::vector<std::shared_ptr<const proxy::ListenerConfig>> listeners_;
  mutable std::map<std::string, std::unique_ptr<const upstream::ClusterSpec>> clusters_;
};

}  // namespace proa::mesh
