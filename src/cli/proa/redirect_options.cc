#include "cli/proa/redirect_options.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <fstream>
#include <sstream>

namespace proa::cli {
namespace {

/// What a parse function of redirect/options.h gives goes to its place, or its error on.
template <class T>
Status put(Result<T> from, T& to) {
  if (!from) return std::unexpected(from.error());
  to = std::move(*from);
  return {};
}

std::string content_of(const char* file) {
  std::ifstream in(file);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

/// Whether addresses can be given to lo, without which nothing of IPv6 works here.
bool has_ipv6() { return content_of("/proc/sys/net/ipv6/conf/lo/disable_ipv6").starts_with('0'); }

}  // namespace

void RedirectOptions::declare(CLI::App& app) {
  redirect::Options& to = numbers_;
  const auto text = [&](const char* name, std::string& where, const char* help, const char* kind) {
    return app.add_option(name, where, help)->option_text(kind);
  };
  const auto port = [&](const char* name, uint16_t& where, const char* help) {
    app.add_option(name, where, help)->option_text("PORT");
  };
  text("--backend", backend_, "nft, iptables, iptables-nft or iptables-legacy (nft)", "NAME")
      ->check(CLI::IsMember({"nft", "iptables", "iptables-nft", "iptables-legacy"}));
  text("-m,--mode", mode_,
       "how inbound connections come to the proxy: REDIRECT; TPROXY, which keeps the client's address; or EBPF, "
       "outbound "
       "too, by programs instead of rules",
       "MODE")
      ->check(CLI::IsMember({"REDIRECT", "TPROXY", "EBPF"}, CLI::ignore_case));
  text("--ipv6", ipv6_, "on, off or auto: whether lo has it (auto)", "WHEN")
      ->check(CLI::IsMember({"auto", "on", "off"}));
  port("-p,--outbound-port", to.outbound_port, "where the proxy takes outbound connections (15001)");
  port("-z,--inbound-port", to.inbound_port, "where it takes inbound ones (15006)");
  port("-e,--tunnel-port", to.tunnel_port, "of HBONE, never captured (15008)");

  text("-u,--proxy-uid", proxy_uid_, "users whose traffic is the proxy's own (1337)", "IDS");
  text("-g,--proxy-gid", proxy_gid_, "groups whose traffic is the proxy's own (1337)", "IDS");
  app.add_option("--proxy-mark", to.proxy_mark, "SO_MARK of the proxy's own traffic, where ids cannot tell")
      ->option_text("NUMBER");
  text("--capture-groups", capture_groups_, "capture only what these groups send", "IDS");
  text("--exclude-groups", exclude_groups_, "do not capture what these groups send", "IDS");

  text("-b,--inbound-ports", inbound_ports_, "to capture; '*' for all (but for 22, 15020, 15021, 15090), '' for none",
       "PORTS");
  text("-d,--exclude-inbound-ports", exclude_inbound_ports_, "taken away from '*'", "PORTS");
  text("-i,--outbound-ranges", outbound_ranges_, "addresses to capture; '*' for all, '' for none", "RANGES");
  text("-x,--exclude-outbound-ranges", exclude_outbound_ranges_, "addresses not to capture", "RANGES");
  text("-q,--outbound-ports", outbound_ports_, "captured beside --outbound-ranges, whatever the address", "PORTS");
  text("-o,--exclude-outbound-ports", exclude_outbound_ports_, "not to capture", "PORTS");
  text("-c,--exclude-interfaces", exclude_interfaces_, "neither inbound nor outbound is captured there", "NAMES");
  text("-k,--kube-virt-interfaces", virtual_interfaces_, "of virtual machines, whose traffic is outbound", "NAMES");
  text("--loopback", loopback_, "IPv4 addresses of this host, never captured (127.0.0.1/32)", "RANGE");

  app.add_flag("--redirect-dns", to.dns, "queries to the name servers go to --dns-port");
  app.add_flag("--capture-all-dns", to.all_dns, "whichever server they are for");
  text("--dns-servers", dns_servers_, "the name servers (those of /etc/resolv.conf)", "ADDRESSES");
  port("--dns-port", to.dns_port, "where the DNS proxy listens (15053)");

  app.add_option("-t,--tproxy-mark", to.tproxy_mark, "of packets for TPROXY (1337)")->option_text("NUMBER");
  app.add_option("-r,--tproxy-table", to.tproxy_table, "routing table for TPROXY (133)")->option_text("NUMBER");
  text("--cgroup", to.cgroup, "of application and proxy, for EBPF: a folder of cgroup2 (that of this process)", "DIR");
  text("--bpffs", to.bpffs, "where EBPF's programs are kept (/sys/fs/bpf)", "DIR");
  app.add_flag("--drop-invalid", to.drop_invalid, "drop packets that connection tracking finds invalid");
}

Status RedirectOptions::read_senders(redirect::Options& to) const {
  if (auto s = put(redirect::parse_users("--proxy-uid", proxy_uid_), to.proxy_uids); !s) return s;
  if (auto s = put(redirect::parse_groups("--proxy-gid", proxy_gid_), to.proxy_gids); !s) return s;
  if (auto s = put(redirect::parse_groups("--capture-groups", capture_groups_), to.capture_groups); !s) return s;
  return put(redirect::parse_groups("--exclude-groups", exclude_groups_), to.exclude_groups);
}

Status RedirectOptions::read_traffic(redirect::Options& to) const {
  using namespace redirect;
  if (auto s = put(parse_ports("--inbound-ports", inbound_ports_), to.inbound_ports); !s) return s;
  if (auto s = put(parse_port_list("--exclude-inbound-ports", exclude_inbound_ports_), to.exclude_inbound_ports); !s) {
    return s;
  }
  if (auto s = put(parse_ranges("--outbound-ranges", outbound_ranges_), to.outbound_ranges); !s) return s;
  Ranges excluded;
  if (auto s = put(parse_ranges("--exclude-outbound-ranges", exclude_outbound_ranges_), excluded); !s) return s;
  if (excluded.all) return fail("--exclude-outbound-ranges: '*' leaves nothing; write --outbound-ranges '' instead");
  to.exclude_outbound_ranges = excluded.list;
  if (auto s = put(parse_port_list("--outbound-ports", outbound_ports_), to.outbound_ports); !s) return s;
  if (auto s = put(parse_port_list("--exclude-outbound-ports", exclude_outbound_ports_), to.exclude_outbound_ports);
      !s) {
    return s;
  }
  if (auto s = put(parse_interfaces("--exclude-interfaces", exclude_interfaces_), to.exclude_interfaces); !s) return s;
  if (auto s = put(parse_interfaces("--kube-virt-interfaces", virtual_interfaces_), to.virtual_interfaces); !s) {
    return s;
  }
  auto loopback = net::CidrRange::parse(loopback_);
  if (!loopback) return fail(fmt::format("--loopback: {}; write such as 127.0.0.1/32", loopback.error().message));
  to.loopback = *loopback;
  return {};
}

Status RedirectOptions::read_dns(redirect::Options& to) const {
  if (!dns_servers_.empty()) return put(redirect::parse_addresses("--dns-servers", dns_servers_), to.dns_servers);
  if (to.dns && !to.all_dns) to.dns_servers = redirect::name_servers(content_of("/etc/resolv.conf"));
  return {};
}

Result<redirect::Options> RedirectOptions::options() const {
  using redirect::Backend;
  redirect::Options to = numbers_;
  to.backend = backend_ == "nft"            ? Backend::nft
               : backend_ == "iptables"     ? Backend::iptables
               : backend_ == "iptables-nft" ? Backend::iptables_nft
                                            : Backend::iptables_legacy;
  to.mode = mode_ == "TPROXY" ? redirect::Mode::tproxy
            : mode_ == "EBPF" ? redirect::Mode::ebpf
                              : redirect::Mode::redirect;
  if (to.mode == redirect::Mode::ebpf && to.cgroup.empty()) {
    to.cgroup = redirect::cgroup_folder(content_of("/proc/self/cgroup"), content_of("/proc/self/mounts"));
  }
  to.ipv6 = ipv6_ == "on" || (ipv6_ == "auto" && has_ipv6());
  if (auto read = read_senders(to); !read) return std::unexpected(read.error());
  if (auto read = read_traffic(to); !read) return std::unexpected(read.error());
  if (auto read = read_dns(to); !read) return std::unexpected(read.error());
  if (auto good = redirect::validate(to); !good) return std::unexpected(good.error());
  return to;
}

}  // namespace proa::cli
