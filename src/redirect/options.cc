#include "redirect/options.h"

#include <fmt/format.h>
#include <grp.h>
#include <net/if.h>
#include <pwd.h>

#include <algorithm>

#include "base/number.h"

namespace proa::redirect {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

/// The parts between commas; an empty text has none.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> out;
  if (trimmed(text).empty()) return out;
  for (;;) {
    const size_t comma = text.find(',');
    out.push_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
  }
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

/// One value of each part, by `parse`, a Result<T>(std::string_view).
template <class T, class Parse>
Result<std::vector<T>> list_of(std::string_view text, Parse parse) {
  std::vector<T> out;
  for (std::string_view part : split(text)) {
    Result<T> value = parse(part);
    if (!value) return std::unexpected(value.error());
    if (std::ranges::find(out, *value) == out.end()) out.push_back(std::move(*value));
  }
  return out;
}

Result<uint32_t> parse_id(std::string_view option, std::string_view text, std::string_view kind,
                          std::optional<uint32_t> (*find)(const std::string&)) {
  if (auto number = parse_decimal<uint32_t>(text, 0xfffffffe)) return *number;
  if (auto known = find(std::string(text))) return *known;
  return fail(fmt::format("{}: there is no {} '{}' here; create it, or write its number", option, kind, text));
}

std::optional<uint32_t> find_user(const std::string& name) {
  const passwd* entry = ::getpwnam(name.c_str());
  return entry ? std::optional<uint32_t>(entry->pw_uid) : std::nullopt;
}

std::optional<uint32_t> find_group(const std::string& name) {
  const group* entry = ::getgrnam(name.c_str());
  return entry ? std::optional<uint32_t>(entry->gr_gid) : std::nullopt;
}

Status check_ports(const Options& options) {
  const std::pair<const char*, uint16_t> ports[] = {{"--outbound-port", options.outbound_port},
                                                    {"--inbound-port", options.inbound_port},
                                                    {"--tunnel-port", options.tunnel_port},
                                                    {"--dns-port", options.dns_port}};
  for (const auto& [name, port] : ports) {
    if (port == 0) return fail(fmt::format("{}: 0 is no port; write the one that the proxy listens on", name));
    for (const auto& [other, same] : ports) {
      if (name != other && same == port) {
        return fail(fmt::format("{} and {}: both are {}; give each a port of its own", name, other, port));
      }
    }
  }
  if (!options.inbound_ports.all && !options.exclude_inbound_ports.empty()) {
    return fail(
        "--exclude-inbound-ports: it takes ports away from --inbound-ports '*', but that is a list; "
        "leave these ports out of the list instead");
  }
  for (uint16_t port : options.outbound_ports) {
    if (std::ranges::count(options.exclude_outbound_ports, port)) {
      return fail(fmt::format("--exclude-outbound-ports: {} is in --outbound-ports too; remove it from one", port));
    }
  }
  return {};
}

Status check_ranges(const Options& options) {
  using Family = net::Address::Family;
  if (options.loopback.family() != Family::kIpv4 || !options.loopback.base().is_loopback()) {
    return fail(fmt::format("--loopback: {} is no part of 127.0.0.0/8; write one such as 127.0.0.1/32",
                            options.loopback.to_string()));
  }
  const auto foreign = [&](const char* name, const std::vector<net::CidrRange>& ranges) -> Status {
    for (const net::CidrRange& range : ranges) {
      if (!options.ipv6 && range.family() == Family::kIpv6) {
        return fail(
            fmt::format("{}: {} is IPv6, which is off; remove it, or write --ipv6 on", name, range.to_string()));
      }
    }
    return {};
  };
  if (auto good = foreign("--outbound-ranges", options.outbound_ranges.list); !good) return good;
  return foreign("--exclude-outbound-ranges", options.exclude_outbound_ranges);
}

Status check_senders(const Options& options) {
  if (options.proxy_uids.empty() && options.proxy_gids.empty() && options.proxy_mark == 0) {
    return fail(
        "--proxy-uid, --proxy-gid, --proxy-mark: one must be set, or the proxy's own connections come back to it for "
        "ever");
  }
  if (!options.capture_groups.empty() && !options.exclude_groups.empty()) {
    return fail("--capture-groups and --exclude-groups: only one may be set");
  }
  if (options.mode != Mode::tproxy) return {};
  if (options.tproxy_mark == 0) return fail("--tproxy-mark: 0 is no mark; write another number, such as 1337");
  if (options.tproxy_mark == kSelfCallMark || options.proxy_mark == kSelfCallMark) {
    return fail(fmt::format("--tproxy-mark, --proxy-mark: {} is in use for calls to oneself; write another number",
                            kSelfCallMark));
  }
  if (options.proxy_mark == options.tproxy_mark) {
    return fail("--proxy-mark: it is --tproxy-mark, which routes packets to lo; write another number");
  }
  if (options.tproxy_table == 0 || (options.tproxy_table >= 253 && options.tproxy_table <= 255)) {
    return fail(fmt::format("--tproxy-table: {} is a table of the system's; write another number, such as 133",
                            options.tproxy_table));
  }
  return {};
}

/// Programs at sockets see connections, not packets and interfaces.
Status check_ebpf(const Options& options) {
  const char* wanted = options.dns                           ? "--redirect-dns"
                       : options.drop_invalid                ? "--drop-invalid"
                       : !options.exclude_interfaces.empty() ? "--exclude-interfaces"
                       : !options.virtual_interfaces.empty() ? "--kube-virt-interfaces"
                                                             : nullptr;
  if (wanted) return fail(fmt::format("{}: not with --mode EBPF; leave it out, or write --mode REDIRECT", wanted));
  if (options.cgroup.empty()) return fail("--cgroup: no folder of cgroup2 is known; write the workload's");
  return {};
}

}  // namespace

Status validate(const Options& options) {
  if (auto good = check_ports(options); !good) return good;
  if (auto good = check_ranges(options); !good) return good;
  if (auto good = check_senders(options); !good) return good;
  if (options.mode == Mode::ebpf) {
    if (auto good = check_ebpf(options); !good) return good;
  }
  if (options.dns && !options.all_dns && options.dns_servers.empty()) {
    return fail("--redirect-dns: no name server is known; write --dns-servers ADDRESS, or --capture-all-dns");
  }
  if (!options.dns && (options.all_dns || !options.dns_servers.empty())) {
    return fail("--capture-all-dns, --dns-servers: they say more of --redirect-dns, which is not set; add it");
  }
  return {};
}

Result<std::vector<uint16_t>> parse_port_list(std::string_view option, std::string_view text) {
  return list_of<uint16_t>(text, [&](std::string_view part) -> Result<uint16_t> {
    const auto port = parse_decimal<uint16_t>(part);
    if (port && *port != 0) return *port;
    return fail(fmt::format("{}: '{}' is no port; write numbers from 1 to 65535, separated by commas", option, part));
  });
}

Result<Ports> parse_ports(std::string_view option, std::string_view text) {
  if (trimmed(text) == "*") return Ports{.all = true};
  auto list = parse_port_list(option, text);
  if (!list) return std::unexpected(list.error());
  return Ports{.list = std::move(*list)};
}

Result<Ranges> parse_ranges(std::string_view option, std::string_view text) {
  if (trimmed(text) == "*") return Ranges{.all = true};
  auto list = list_of<net::CidrRange>(text, [&](std::string_view part) -> Result<net::CidrRange> {
    auto range = net::CidrRange::parse(part);
    if (range) return range;
    return fail(fmt::format("{}: '{}' is no range of addresses; write such as 10.0.0.0/8 or fd00::/8", option, part));
  });
  if (!list) return std::unexpected(list.error());
  return Ranges{.list = std::move(*list)};
}

Result<std::vector<std::string>> parse_interfaces(std::string_view option, std::string_view text) {
  return list_of<std::string>(text, [&](std::string_view part) -> Result<std::string> {
    // What the kernel lets be a name (dev_valid_name), less what would have to be escaped.
    const bool plain = std::ranges::all_of(
        part, [](char c) { return c > ' ' && c < 127 && c != '/' && c != '"' && c != '\\' && c != '*'; });
    if (plain && !part.empty() && part.size() < IFNAMSIZ && part != "+") return std::string(part);
    return fail(fmt::format("{}: '{}' is no name of an interface; write such as eth1, or veth+ for all that begin so",
                            option, part));
  });
}

Result<std::vector<net::Address>> parse_addresses(std::string_view option, std::string_view text) {
  return list_of<net::Address>(text, [&](std::string_view part) -> Result<net::Address> {
    auto address = net::Address::parse_ip(part, 0);
    if (address) return address;
    return fail(fmt::format("{}: '{}' is no address; write such as 10.96.0.10", option, part));
  });
}

Result<std::vector<uint32_t>> parse_users(std::string_view option, std::string_view text) {
  return list_of<uint32_t>(text, [&](std::string_view part) { return parse_id(option, part, "user", find_user); });
}

Result<std::vector<uint32_t>> parse_groups(std::string_view option, std::string_view text) {
  return list_of<uint32_t>(text, [&](std::string_view part) { return parse_id(option, part, "group", find_group); });
}

std::string cgroup_folder(std::string_view proc_cgroup, std::string_view proc_mounts) {
  std::string path, mount;
  for (std::string_view line : lines_of(proc_cgroup)) {
    if (line.starts_with("0::")) path = line.substr(3);
  }
  for (std::string_view line : lines_of(proc_mounts)) {  // "cgroup2 /sys/fs/cgroup cgroup2 rw,..."
    const size_t first = line.find(' '), second = line.find(' ', first + 1);
    if (second == std::string_view::npos || !line.substr(second + 1).starts_with("cgroup2 ")) continue;
    mount = line.substr(first + 1, second - first - 1);
    break;
  }
  if (mount.empty() || path.empty()) return {};
  return path == "/" ? mount : mount + path;
}

std::vector<net::Address> name_servers(std::string_view resolv_conf) {
  constexpr std::string_view kWord = "nameserver";
  std::vector<net::Address> out;
  for (std::string_view line : lines_of(resolv_conf)) {
    line = trimmed(line);
    if (!line.starts_with(kWord) || line.size() == kWord.size()) continue;
    line.remove_prefix(kWord.size());
    if (line.front() != ' ' && line.front() != '\t') continue;
    line = trimmed(line);
    if (line.find('%') != std::string_view::npos) continue;
    if (auto address = net::Address::parse_ip(line, 0)) out.push_back(*address);
  }
  return out;
}

}  // namespace proa::redirect
