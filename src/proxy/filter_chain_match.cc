#include "proxy/filter_chain_match.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

namespace proa::proxy {
namespace {

// The order of the criteria, which is the depth of the tree.
enum Criterion : size_t {
  kDestinationPort,
  kDestinationIp,
  kServerName,
  kTransportProtocol,
  kApplicationProtocol,
  kDirectSourceIp,
  kSourceType,
  kSourceIp,
  kSourcePort,
  kCriteria
};

constexpr std::string_view kCriterionNames[] = {"destination port",   "destination address",  "server name",
                                                "transport protocol", "application protocol", "direct source",
                                                "source type",        "source address",       "source port"};

/// A range as "address/length"; "" stands for any.
std::vector<std::string> range_keys(const std::vector<net::CidrRange>& ranges) {
  std::vector<std::string> keys;
  for (const net::CidrRange& range : ranges) keys.push_back(range.to_string());
  return keys;
}

/// What a chain asks for at each criterion, as keys; no key means any.
std::vector<std::string> keys_of(const FilterChainMatch& match, size_t criterion) {
  switch (criterion) {
    case kDestinationPort:
      return match.destination_port ? std::vector{std::to_string(*match.destination_port)} : std::vector<std::string>{};
    case kDestinationIp: return range_keys(match.prefix_ranges);
    case kServerName: return match.server_names;
    case kTransportProtocol:
      return match.transport_protocol.empty() ? std::vector<std::string>{} : std::vector{match.transport_protocol};
    case kApplicationProtocol: return match.application_protocols;
    case kDirectSourceIp: return range_keys(match.direct_source_prefix_ranges);
    case kSourceType:
      if (match.source_type == SourceType::kSameIpOrLoopback) return {"local"};
      if (match.source_type == SourceType::kExternal) return {"external"};
      return {};
    case kSourceIp: return range_keys(match.source_prefix_ranges);
    case kSourcePort: {
      std::vector<std::string> keys;
      for (uint16_t port : match.source_ports) keys.push_back(std::to_string(port));
      return keys;
    }
    default: return {};
  }
}

bool is_range(size_t criterion) {
  return criterion == kDestinationIp || criterion == kDirectSourceIp || criterion == kSourceIp;
}

}  // namespace

struct FilterChainMatcher::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> exact;
  net::CidrTrie<Node*> ranges;  // of the nodes in `exact`, for the criteria that are addresses
  std::unique_ptr<Node> any;
  int chain = -1;  // leaf

  Status add(size_t criterion, const FilterChainMatch& match, int index,
             const std::vector<std::shared_ptr<const FilterChain>>& chains) {
    if (criterion == kCriteria) {
      if (chain >= 0) {
        return fail(fmt::format("filter chains \"{}\" and \"{}\" have the same match", chains[chain]->name,
                                chains[index]->name));
      }
      chain = index;
      return {};
    }
    std::vector<std::string> keys = keys_of(match, criterion);
    if (keys.empty()) {
      if (!any) any = std::make_unique<Node>();
      return any->add(criterion + 1, match, index, chains);
    }
    for (const std::string& key : keys) {
      auto& slot = exact[key];
      if (!slot) {
        slot = std::make_unique<Node>();
        if (is_range(criterion)) ranges.insert(*net::CidrRange::parse(key), slot.get());
      }
      if (Status added = slot->add(criterion + 1, match, index, chains); !added) return added;
    }
    return {};
  }

  const Node* child(std::string_view key) const {
    auto found = exact.find(key);
    return found == exact.end() ? nullptr : found->second.get();
  }
  const Node* by_address(const net::Address& address) const {
    Node* const* found = ranges.find(address);
    return found ? *found : nullptr;
  }
  /// Exact, then "*.suffix" from the longest.
  const Node* by_name(std::string_view name) const {
    if (const Node* node = child(name)) return node;
    for (size_t dot = name.find('.'); dot != name.npos; dot = name.find('.', dot + 1)) {
      char wildcard[256];
      std::string_view suffix = name.substr(dot);
      if (suffix.size() + 1 > sizeof wildcard) continue;
      wildcard[0] = '*';
      std::ranges::copy(suffix, wildcard + 1);
      if (const Node* node = child({wildcard, suffix.size() + 1})) return node;
    }
    return nullptr;
  }
  const Node* by_protocols(const std::vector<std::string>& offered) const {
    for (const std::string& protocol : offered) {
      if (const Node* node = child(protocol)) return node;
    }
    return nullptr;
  }
  const Node* by_port(uint16_t port) const {
    char text[8];
    auto end = fmt::format_to(text, "{}", port);
    return child({text, static_cast<size_t>(end - text)});
  }

  /// The branch to take at `criterion`; null: none, so the default filter chain.
  const Node* step(size_t criterion, const net::ConnectionInfo& c) const {
    const Node* node = nullptr;
    if (!exact.empty()) {
      switch (criterion) {
        case kDestinationPort: node = by_port(c.local.port()); break;
        case kDestinationIp: node = by_address(c.local); break;
        case kServerName: node = c.sni.empty() ? nullptr : by_name(c.sni); break;
        case kTransportProtocol:
          node = child(c.transport_protocol.empty() ? "raw_buffer" : std::string_view(c.transport_protocol));
          break;
        case kApplicationProtocol: node = by_protocols(c.alpn.empty() ? c.application_protocols : c.alpn); break;
        case kDirectSourceIp: node = by_address(c.direct_remote); break;
        case kSourceType: {
          const bool local = c.remote.is_loopback() || c.remote.is_unix() || c.remote.same_ip(c.local);
          node = child(local ? "local" : "external");
          break;
        }
        case kSourceIp: node = by_address(c.remote); break;
        case kSourcePort: node = by_port(c.remote.port()); break;
        default: break;
      }
    }
    return node ? node : any.get();
  }
};

FilterChainMatcher::FilterChainMatcher() : root_(std::make_unique<Node>()) {}
FilterChainMatcher::~FilterChainMatcher() = default;
FilterChainMatcher::FilterChainMatcher(FilterChainMatcher&&) noexcept = default;
FilterChainMatcher& FilterChainMatcher::operator=(FilterChainMatcher&&) noexcept = default;

Result<FilterChainMatcher> FilterChainMatcher::make(const std::vector<std::shared_ptr<const FilterChain>>& chains) {
  FilterChainMatcher matcher;
  for (size_t i = 0; i < chains.size(); ++i) {
    if (Status added = matcher.root_->add(0, chains[i]->match, static_cast<int>(i), chains); !added) {
      return std::unexpected(added.error());
    }
  }
  return matcher;
}

int FilterChainMatcher::find(const net::ConnectionInfo& connection) const {
  const Node* node = root_.get();
  for (size_t criterion = 0; criterion < kCriteria; ++criterion) {
    node = node->step(criterion, connection);
    if (!node) return -1;
  }
  return node->chain;
}

int FilterChainMatcher::explain(const net::ConnectionInfo& connection, std::vector<std::string>& steps) const {
  const Node* node = root_.get();
  for (size_t criterion = 0; criterion < kCriteria; ++criterion) {
    const Node* next = node->step(criterion, connection);
    if (!next) {
      steps.push_back(
          fmt::format("no chain for this {}: the default filter chain, if any", kCriterionNames[criterion]));
      return -1;
    }
    if (!node->exact.empty()) {
      std::string_view taken = "any";
      for (const auto& [key, child] : node->exact) {
        if (child.get() == next) taken = key;
      }
      steps.push_back(fmt::format("{}: {}", kCriterionNames[criterion], taken));
    }
    node = next;
  }
  return node->chain;
}

}  // namespace proa::proxy
