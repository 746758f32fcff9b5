// What the proxy would do with a request, asked of the matchers that are in force.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admin/page.h"
#include "base/result.h"
#include "net/address.h"

namespace proa::admin {

/// A request that nobody has sent. Everything may be left out.
struct Question {
  std::string listener{};      ///< its name; empty: the one that `destination` leads to, or the only one
  net::Address destination{};  ///< where the connection goes
  net::Address source{};       ///< where it comes from
  bool tls = false;            ///< the client speaks TLS; so it does with `sni` or `alpn`
  std::string sni{};
  std::vector<std::string> alpn{};
  std::string method = "GET";
  std::string host{};                                          ///< empty: the destination
  std::string path = "/";                                      ///< with query
  std::vector<std::pair<std::string, std::string>> headers{};  ///< names in lower case
  uint64_t random = 0;                                         ///< what weighted clusters and fractions are chosen by
};

struct ExplainedRoute {
  uint32_t index = 0;
  std::string name, match, reason;
};

struct ExplainedFilter {
  std::string name;
  bool enabled = true;
  std::string reason;  ///< where that comes from
};

struct ExplainedHost {
  std::string address, health;
  uint32_t priority = 0, weight = 1;
  bool healthy = true;
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
  std::vector<ExplainedFilter> filters;

  std::string cluster;
  std::vector<std::pair<std::string, uint64_t>> weighted;  ///< clusters that share the traffic
  std::vector<ExplainedHost> hosts;
  size_t healthy_hosts = 0;

  std::string outcome;  ///< one sentence
};

/// Fails when it cannot tell which listener is meant. Main thread. Counts what a refused request counts.
Result<Explanation> explain(Admin& admin, const Question& question);

}  // namespace proa::admin
