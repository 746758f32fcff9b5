// What is to be redirected: the choices of Istio's istio-iptables, checked, as a plain value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/address.h"

namespace proa::redirect {

/// How inbound connections come to the proxy. Outbound ones are always redirected.
enum class Mode : uint8_t {
  redirect,  ///< REDIRECT: the proxy asks SO_ORIGINAL_DST, and is the client of the application
  tproxy,    ///< TPROXY: the client's address survives; the proxy needs IP_TRANSPARENT
  ebpf,      ///< programs at the sockets of a cgroup instead of rules, outbound too: the backend does not count
};

/// Who takes the rules. Which of the two iptables is `iptables` is the system's choice.
enum class Backend : uint8_t { nft, iptables, iptables_nft, iptables_legacy };

/// Everything, or what the list names; an empty list is nothing.
struct Ports {
  bool all = false;
  std::vector<uint16_t> list{};
};
struct Ranges {
  bool all = false;
  std::vector<net::CidrRange> list{};
};

inline constexpr uint16_t kSshPort = 22;
/// Ports of the proxy and its agent that are spoken to directly: /healthz and merged metrics, readiness, statistics.
inline constexpr uint16_t kAgentPorts[] = {15020, 15021, 15090};
/// What the proxy sends to the application beside it over lo, where TPROXY must still catch it.
inline constexpr uint32_t kSelfCallMark = 1338;

struct Options {
  Backend backend = Backend::nft;
  Mode mode = Mode::redirect;
  bool ipv6 = true;

  uint16_t outbound_port = 15001, inbound_port = 15006, tunnel_port = 15008, dns_port = 15053;

  // Whose traffic is the proxy's own, and not captured: any of these.
  std::vector<uint32_t> proxy_uids{1337};
  std::vector<uint32_t> proxy_gids{1337};
  uint32_t proxy_mark = 0;  ///< SO_MARK of the proxy's sockets; 0: none. For where uids cannot tell: unshare -Urn

  Ports inbound_ports{.all = true};
  /// Beside the tunnel's port, kAgentPorts and kSshPort, which are never captured by `all`.
  std::vector<uint16_t> exclude_inbound_ports{};
  Ranges outbound_ranges{.all = true};
  std::vector<net::CidrRange> exclude_outbound_ranges{};
  std::vector<uint16_t> outbound_ports{};  ///< captured to any address that is not excluded
  std::vector<uint16_t> exclude_outbound_ports{};
  std::vector<uint32_t> capture_groups{};  ///< only what these groups send; empty: all
  std::vector<uint32_t> exclude_groups{};
  std::vector<std::string> exclude_interfaces{};  ///< a name; a trailing '+' stands for any end
  std::vector<std::string> virtual_interfaces{};  ///< of virtual machines: what comes in there is outbound
  net::CidrRange loopback = *net::CidrRange::parse("127.0.0.1/32");  ///< IPv4; sent there, it stays uncaptured

  uint32_t tproxy_mark = 1337;
  uint32_t tproxy_table = 133;

  std::string cgroup{};               ///< whose sockets, application's and proxy's: a folder of cgroup2
  std::string bpffs = "/sys/fs/bpf";  ///< where programs are kept

  bool dns = false;
  bool all_dns = false;                     ///< whichever server is asked
  std::vector<net::Address> dns_servers{};  ///< of which queries are captured; the port does not count

  bool drop_invalid = false;  ///< packets out of a connection's window are dropped, and not answered by a reset
};

/// What must hold between the options. The error names the command line's option and says what to write.
Status validate(const Options& options);

// Texts of the command line; `option` is for the error. Lists are separated by commas, "*" is everything, "" nothing.
Result<Ports> parse_ports(std::string_view option, std::string_view text);
Result<std::vector<uint16_t>> parse_port_list(std::string_view option, std::string_view text);
Result<Ranges> parse_ranges(std::string_view option, std::string_view text);
Result<std::vector<std::string>> parse_interfaces(std::string_view option, std::string_view text);
Result<std::vector<net::Address>> parse_addresses(std::string_view option, std::string_view text);
/// Numbers, or names that the system knows: a rule with a name that it does not know would fail, and all with it.
Result<std::vector<uint32_t>> parse_users(std::string_view option, std::string_view text);
Result<std::vector<uint32_t>> parse_groups(std::string_view option, std::string_view text);

/// The folder of cgroup2 that a process is in, from its /proc/PID/cgroup and mounts; empty when there is none.
std::string cgroup_folder(std::string_view proc_cgroup, std::string_view proc_mounts);

/// The nameserver lines of a resolv.conf; others, and addresses with a scope, are passed over.
std::vector<net::Address> name_servers(std::string_view resolv_conf);

}  // namespace proa::redirect
