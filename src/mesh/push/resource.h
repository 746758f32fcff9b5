// What the control plane pushes: Envoy's v3 resources, serialised once and shared by all proxies that get them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "mesh/source/origin.h"

namespace proa::mesh {

/// Immutable once it is in a set.
struct Resource {
  std::string name;
  std::string body;        ///< the serialised message, without the Any around it
  std::uint64_t hash = 0;  ///< of the body: the version that the proxy is told. Equal bodies have equal hashes
  Origin origin{};         ///< the object that it was made from
};

/// With the hash of its body. `body` is serialised in one way only (maps in the order of their keys): else equal
/// messages differ and are pushed anew.
std::shared_ptr<const Resource> make_resource(std::string name, std::string body, Origin origin = {});

/// Everything for one proxy. Immutable once published.
struct ResourceSet {
  using Named = std::map<std::string, std::shared_ptr<const Resource>>;
  /// By type URL ("type.googleapis.com/envoy.config.cluster.v3.Cluster"), then by name.
  std::map<std::string, Named> types;
};

struct Node;

/// What a proxy gets. Null: not known yet, so the proxy waits (and keeps what it has). On the server's thread.
using ResourcesOf = std::function<std::shared_ptr<const ResourceSet>(const Node&)>;

}  // namespace proa::mesh
