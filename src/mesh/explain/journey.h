// Journey: the way of one request from a workload through both proxies, as the objects of a World have it. Each proxy's
// resources are translated, compiled and asked as the proxy itself would do it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mesh/explain/destination.h"
#include "mesh/source/origin.h"
#include "proxy/explain.h"

namespace proa::mesh {

struct JourneyQuestion {
  std::string from{};    ///< NAMESPACE/NAME: workload_named()
  std::string to{};      ///< destination_of()
  Labels labels{};       ///< not empty: `from` is none of the World, and this is what it would say of itself
  bool gateway = false;  ///< `from` is a gateway, and `to` what a client outside asks it for
  std::string method = "GET";
  std::string path{};       ///< over that of `to`; empty: that
  std::string principal{};  ///< instead of the caller's own
  std::string endpoint{};   ///< address to go on with; empty: the first that is healthy
  std::vector<std::pair<std::string, std::string>> headers{};  ///< names in lower case; "host" over that of `to`
  std::uint64_t random = 0;                                    ///< what weighted clusters and fractions are chosen by
};

/// What one proxy does.
struct Leg {
  std::string proxy{};  ///< "sidecar of shop/cart-1 (10.0.0.1)"
  proxy::Explanation way{};
  /// What made it so: "route", "cluster", "policy", and the object.
  std::vector<std::pair<std::string, Origin>> origins{};
};

/// The connection between both proxies.
struct Hop {
  std::string endpoint{};  ///< "10.0.0.2:9080"
  enum class Tls : std::uint8_t { none, simple, mutual } tls = Tls::none;
  std::string sni{};
  std::vector<std::string> alpn{};
  std::vector<std::string> names{};  ///< that the server's certificate must have one of
};

struct Journey {
  Destination destination{};
  std::string principal{};  ///< the caller's identity; empty: none
  Leg out{};
  std::optional<Hop> hop{};
  std::optional<Leg> in{};
  std::string mtls_mode{};  ///< of the receiving workload's port: "STRICT"
  bool arrives = false;     ///< the workload gets it, or a service outside of the mesh
  std::string outcome{};    ///< one sentence
};

/// Fails where the question names what is not there, or a proxy would refuse its resources.
Result<Journey> journey(const World& world, const JourneyQuestion& question);

}  // namespace proa::mesh
