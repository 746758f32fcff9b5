// What a proxy would do with a request, asked of the matchers and filters that are in force.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/address.h"
#include "proxy/listener_config.h"
#include "route/fraction.h"
#include "upstream/spec.h"

namespace proa::net {
class Loop;
}

namespace proa::proxy {

/// A request that nobody has sent. Everything may be left out.
struct Question {
  std::string listener{};      ///< its name; empty: the one that `destination` leads to, or the only one
  net::Address destination{};  ///< where the connection goes
  net::Address source{};       ///< where it comes from
  bool tls = false;            ///< the client speaks TLS; so it does with `sni` or `alpn`
  std::string sni{};
  std::vector<std::string> alpn{};
  std::string principal{};  ///< URI of the client's certificate, where the listener ends TLS; empty: it has none
  bool tcp = false;         ///< bytes that are no HTTP, where the listener looks
  bool http2 = false;
  std::string method = "GET";
  std::string host{};                                          ///< empty: the destination
  std::string path = "/";                                      ///< with query
  std::vector<std::pair<std::string, std::string>> headers{};  ///< names in lower case
  uint64_t random = 0;                                         ///< what weighted clusters and fractions are chosen by
};

struct ExplainedRoute {
  uint32_t index = 0;
  std::string name, match, reason;
  std::string metadata{};  ///< JSON, by namespace; empty: none
};

struct ExplainedFilter {
  std::string name;
  bool enabled = true;
  std::string reason;                           ///< where that comes from
  std::optional<filters::Foreseen> foreseen{};  ///< nullopt: it is off, is not reached, or cannot tell
};

struct ExplainedHost {
  std::string address, health;
  uint32_t priority = 0, weight = 1;
  bool healthy = true;
  bool tls = false;      ///< connections to it
  std::string socket{};  ///< of transport_socket_matches; empty: the cluster's own
};

struct ExplainedCluster {
  const upstream::ClusterSpec* spec = nullptr;  ///< lives as long as the proxy has it
  std::vector<ExplainedHost> hosts;
};

/// In the order of a request's way; what it does not reach is empty.
struct Explanation {
  std::string listener, listener_reason;

  std::string filter_chain;
  bool has_chain = false, tls = false;
  std::vector<std::string> chain_steps;

  std::string host, path;  ///< as the routes see them
  std::string virtual_host, virtual_host_reason;
  std::vector<ExplainedRoute> rejected;
  std::optional<ExplainedRoute> route;
  std::vector<ExplainedFilter> network_filters, filters;

  std::string cluster;
  std::vector<std::pair<std::string, uint64_t>> weighted;  ///< clusters that share the traffic
  std::vector<ExplainedHost> hosts;
  size_t healthy_hosts = 0;
  std::vector<std::string> upstream_alpn;    ///< in place of the cluster's; empty: that
  std::string upstream_host, upstream_path;  ///< as the upstream gets them
  std::vector<std::pair<std::string, std::string>> upstream_headers;

  bool forwarded = false;  ///< it comes to a cluster
  std::string outcome;     ///< one sentence
};

/// What is asked: a running proxy, or one that was only compiled. Main thread.
class InForce {
 public:
  virtual ~InForce() = default;
  virtual std::vector<std::shared_ptr<const ListenerConfig>> listeners() const = 0;
  /// Where it listens.
  virtual std::vector<net::Address> addresses_of(const ListenerConfig& listener) const = 0;
  /// nullopt: there is none of that name.
  virtual std::optional<ExplainedCluster> cluster(const std::string& name) const = 0;
  virtual std::shared_ptr<const route::Runtime> runtime() = 0;
  /// Its clock is what tokens are judged by.
  virtual net::Loop& loop() = 0;
};

/// How a host of the cluster with this metadata is reached.
void explain_socket(const upstream::ClusterSpec& cluster, const observe::Metadata* host, ExplainedHost& to);

/// Fails when it cannot tell which listener is meant. Counts what a refused request counts.
Result<Explanation> explain(InForce& proxy, const Question& question);

}  // namespace proa::proxy
