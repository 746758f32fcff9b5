// A filter chain: which connections it is for, how they are secured, and what serves them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "filters/network_filter.h"
#include "net/address.h"
#include "net/peer_exchange.h"
#include "net/tls/slot.h"
#include "proxy/connection_manager.h"
#include "proxy/tcp_proxy.h"

namespace proa::proxy {

enum class SourceType : uint8_t { kAny, kSameIpOrLoopback, kExternal };

/// envoy.config.listener.v3.FilterChainMatch; empty members match everything.
struct FilterChainMatch {
  std::optional<uint16_t> destination_port;
  std::vector<net::CidrRange> prefix_ranges;
  std::vector<std::string> server_names;  ///< lower case: exact, or "*.example.com"
  std::string transport_protocol;         ///< "tls", "raw_buffer"
  std::vector<std::string> application_protocols;
  std::vector<net::CidrRange> direct_source_prefix_ranges;
  SourceType source_type = SourceType::kAny;
  std::vector<net::CidrRange> source_prefix_ranges;
  std::vector<uint16_t> source_ports;
};

/// The terminal filters direct_response and echo.
struct SelfServed {
  bool echo = false;
  std::string answer;  ///< unless echo: sent to everyone, then the connection is closed
  size_t buffer_limit = 1024 * 1024;
};

/// Immutable, shared by all workers. Exactly one of `http`, `tcp` and `self_served` is set.
struct FilterChain {
  std::string name;
  FilterChainMatch match;
  std::shared_ptr<const net::tls::ServerSlot> tls;             ///< null: clear text
  Milliseconds transport_timeout{15'000};                      ///< for the TLS handshake; kNever: none
  std::shared_ptr<const net::PeerExchangeSpec> peer_exchange;  ///< null: the client's first byte is the application's
  std::vector<std::shared_ptr<const filters::NetworkFilter>> filters;
  std::shared_ptr<const ConnectionManager> http;
  std::shared_ptr<const TcpProxy> tcp;
  std::shared_ptr<const SelfServed> self_served;
  /// Tells whether an old chain's connections may go on under a new one: equal when everything below HTTP is, the
  /// transport socket and the network filters.
  uint64_t transport_hash = 0;
};

}  // namespace proa::proxy
