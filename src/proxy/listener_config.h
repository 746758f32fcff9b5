// The compiled listener: where it listens, what it finds out about a new connection, and its filter chains.
// Source: envoy.config.listener.v3.Listener. Immutable, shared by all workers.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/awaited.h"
#include "base/number_ranges.h"
#include "net/address.h"
#include "net/listen_socket.h"
#include "net/proxy_protocol.h"
#include "observe/access_log.h"
#include "observe/stats.h"
#include "proxy/filter_chain.h"
#include "proxy/filter_chain_match.h"
#include "proxy/tlv_metadata.h"

namespace proa::proxy {

/// The proxy_protocol listener filter.
struct ProxyProtocolRules {
  bool allow_without = false;  ///< allow_requests_without_proxy_protocol
  bool allow_v1 = true;
  bool allow_v2 = true;
  net::TlvSelection keep_tlvs;  ///< pass_through_tlvs: for upstreams that want them
  std::vector<TlvRule> tlv_rules;
  std::shared_ptr<observe::StatGroup> stats;  ///< schema kProxyProtocolSchema
};

/// Which listeners are meant, by their traffic_direction.
enum class Traffic : uint8_t { kAll, kInbound };

struct ListenerConfig {
  std::string name;
  std::vector<net::Address> addresses;  ///< the first one, then additional_addresses
  net::ListenOptions socket;
  bool bind_to_port = true;
  bool inbound = false;  ///< traffic_direction
  uint32_t accepts_per_event = net::Acceptor::kDefaultPerEvent;

  /// A connection goes to the listener of the address that it was meant for, where there is one.
  bool use_original_destination = false;

  // Listener filters, in the one order that makes sense: who connects to where, then what they speak.
  std::optional<ProxyProtocolRules> proxy_protocol;
  bool original_destination = false;
  bool inspect_tls = false;
  std::shared_ptr<observe::StatGroup> inspection_stats;  ///< schema kTlsInspectorSchema; with inspect_tls
  bool inspect_http = false;
  std::shared_ptr<observe::StatGroup> http_inspection_stats;  ///< schema kHttpInspectorSchema; with inspect_http
  /// Destination ports at which they are left out (filter_disabled).
  NumberRanges no_proxy_protocol_at, no_original_destination_at, no_tls_at, no_http_at;
  Milliseconds inspection_timeout{15'000};  ///< listener_filters_timeout; kNever: none
  bool continue_on_inspection_timeout = false;

  std::vector<std::shared_ptr<const FilterChain>> chains;
  FilterChainMatcher matcher;
  std::shared_ptr<const FilterChain> default_chain;  ///< may be null

  int64_t connection_limit = 0;  ///< 0: none
  std::shared_ptr<std::atomic<int64_t>> connections = std::make_shared<std::atomic<int64_t>>(0);
  bool ignore_global_limit = false;
  std::shared_ptr<observe::StatGroup> stats;  ///< schema kListenerSchema
  std::vector<std::shared_ptr<const observe::AccessLog>> access_logs;
  AwaitedList awaited;  ///< it listens when all have arrived; main thread

  bool takes(Traffic traffic) const { return inbound || traffic == Traffic::kAll; }
  const std::shared_ptr<const FilterChain>* find_chain(const net::ConnectionInfo& connection) const {
    int index = matcher.find(connection);
    if (index >= 0) return &chains[static_cast<size_t>(index)];
    return default_chain ? &default_chain : nullptr;
  }
};

}  // namespace proa::proxy
