// The rules of a redirection, before they are written for nftables or iptables. One list, so that both do the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/address.h"
#include "redirect/options.h"

namespace proa::redirect {

enum class Table : uint8_t { raw, mangle, nat };
inline constexpr Table kTables[] = {Table::raw, Table::mangle, Table::nat};

/// Chains of ours. The kernel's hooks lead into the first two.
enum class Chain : uint8_t { prerouting, output, inbound, redirect, in_redirect, dns, divert, tproxy };

enum class Family : uint8_t { both, ipv4, ipv6 };
enum class Protocol : uint8_t { any, tcp, udp };
enum class ConnectionState : uint8_t { any, established, invalid };

/// Who sent a packet, or what it is marked with.
struct Id {
  enum class Kind : uint8_t { user, group, mark, connection_mark };
  Kind kind;
  uint32_t value;
  bool negated = false;
};

struct Range {
  net::CidrRange range;
  bool negated = false;
};

/// All must hold.
struct Match {
  std::string in_interface{}, out_interface{};
  std::optional<Range> source{}, destination{};
  Protocol protocol = Protocol::any;
  std::optional<uint16_t> source_port{};
  std::vector<uint16_t> ports{};  ///< of the destination: any of them; with `not_ports`, none of them
  bool not_ports = false;
  std::vector<Id> ids{};
  ConnectionState state = ConnectionState::any;
};

struct Action {
  enum class Kind : uint8_t {
    jump,
    back,  ///< RETURN
    accept,
    drop,
    redirect,  ///< to `port` here
    tproxy,    ///< to `port` here, with `mark`
    set_mark,
    save_mark,     ///< the packet's becomes the connection's
    restore_mark,  ///< the connection's becomes the packet's
    zone,          ///< of connection tracking: `mark`
  };
  Kind kind;
  Chain chain{};
  uint16_t port = 0;
  uint32_t mark = 0;
};

struct Rule {
  Table table;
  Chain chain;
  Family family = Family::both;  ///< also that of the addresses in `match`
  Match match;
  Action action;
};

/// In the order in which each chain has them. Pure; `options` are valid.
std::vector<Rule> rules_of(const Options& options);

}  // namespace proa::redirect
