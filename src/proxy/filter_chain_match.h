// Choosing the filter chain of a connection with Envoy's precedence: each criterion takes the most specific branch
// that there is, in a fixed order and without going back.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/transport.h"
#include "proxy/filter_chain.h"

namespace proa::proxy {

/// Immutable once made; shared by all workers. find() allocates nothing.
class FilterChainMatcher {
 public:
  /// Fails, naming both chains, when two have the same match.
  static Result<FilterChainMatcher> make(const std::vector<std::shared_ptr<const FilterChain>>& chains);
  FilterChainMatcher();
  ~FilterChainMatcher();
  FilterChainMatcher(FilterChainMatcher&&) noexcept;
  FilterChainMatcher& operator=(FilterChainMatcher&&) noexcept;

  /// Index into the chains given, or -1: the default filter chain, if there is one.
  int find(const net::ConnectionInfo& connection) const;
  /// The same choice, told criterion by criterion: for /explain.
  int explain(const net::ConnectionInfo& connection, std::vector<std::string>& steps) const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
};

}  // namespace proa::proxy
