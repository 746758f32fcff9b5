#include "redirect/rules.h"

#include <algorithm>

namespace proa::redirect {
namespace {

using Kind = Action::Kind;

constexpr uint16_t kDns = 53;
// Zones of connection tracking keep the proxy's own queries apart from those that were redirected to it.
constexpr uint32_t kProxyZone = 1, kApplicationZone = 2;

Action jump(Chain to) { return {.kind = Kind::jump, .chain = to}; }
Action back() { return {.kind = Kind::back}; }
Action redirect_to(uint16_t port) { return {.kind = Kind::redirect, .port = port}; }
Action zone(uint32_t number) { return {.kind = Kind::zone, .mark = number}; }
Id mark(uint32_t value, bool negated = false) { return {Id::Kind::mark, value, negated}; }

net::CidrRange range(std::string_view text) { return *net::CidrRange::parse(text); }

class Builder {
 public:
  explicit Builder(const Options& options) : options_(options) {
    loopbacks_ = {{Family::ipv4, options.loopback}};
    proxy_sources_ = {{Family::ipv4, range("127.0.0.6/32")}};
    if (options.ipv6) {
      loopbacks_.push_back({Family::ipv6, range("::1/128")});
      proxy_sources_.push_back({Family::ipv6, range("::6/128")});
    }
    for (uint32_t uid : options.proxy_uids) proxy_.push_back({Id::Kind::user, uid});
    for (uint32_t gid : options.proxy_gids) proxy_.push_back({Id::Kind::group, gid});
    if (options.proxy_mark != 0) proxy_.push_back(mark(options.proxy_mark));
  }

  std::vector<Rule> made() {
    if (options_.dns) split_dns_tracking();
    if (options_.drop_invalid) {
      add(Table::mangle, Chain::prerouting, {.protocol = Protocol::tcp, .state = ConnectionState::invalid},
          {.kind = Kind::drop});
    }
    leave_out_interfaces(Table::nat);
    take_virtual_interfaces();
    const bool inbound = options_.inbound_ports.all || !options_.inbound_ports.list.empty();
    if (inbound && options_.mode == Mode::tproxy) {
      leave_out_interfaces(Table::mangle);
      take_inbound_transparently();
      mark_for_routing();
    } else if (inbound) {
      add(Table::nat, Chain::prerouting, {.protocol = Protocol::tcp}, jump(Chain::inbound));
      take_inbound(Table::nat);
    }
    add(Table::nat, Chain::redirect, {.protocol = Protocol::tcp}, redirect_to(options_.outbound_port));
    add(Table::nat, Chain::in_redirect, {.protocol = Protocol::tcp}, redirect_to(options_.inbound_port));
    leave_out_ports();
    let_proxy_pass();
    filter_groups();
    if (options_.dns) take_dns();
    take_outbound();
    return std::move(rules_);
  }

 private:
  struct Versioned {
    Family family;
    net::CidrRange range;
  };

  void add(Table table, Chain chain, Match match, Action action, Family family = Family::both) {
    rules_.push_back({.table = table, .chain = chain, .family = family, .match = std::move(match), .action = action});
  }

  static Family family_of(const net::CidrRange& range) {
    return range.family() == net::Address::Family::kIpv6 ? Family::ipv6 : Family::ipv4;
  }

  void leave_out_interfaces(Table table) {
    for (const std::string& name : options_.exclude_interfaces) {
      add(table, Chain::prerouting, {.in_interface = name}, back());
      add(table, Chain::output, {.out_interface = name}, back());
    }
  }

  /// What a virtual machine behind the interface sends comes in here, and is an application's call all the same.
  void take_virtual_interfaces() {
    for (const std::string& name : options_.virtual_interfaces) {
      if (options_.outbound_ranges.all) {
        add(Table::nat, Chain::prerouting, {.in_interface = name}, jump(Chain::redirect));
      }
      for (const net::CidrRange& each : options_.outbound_ranges.list) {
        add(Table::nat, Chain::prerouting, {.in_interface = name, .destination = Range{each}}, jump(Chain::redirect),
            family_of(each));
      }
      add(Table::nat, Chain::prerouting, {.in_interface = name}, back());
    }
  }

  void take_inbound(Table table) {
    const auto to_port = [](uint16_t port) { return Match{.protocol = Protocol::tcp, .ports = {port}}; };
    const auto take = [&](Match match) {
      if (table == Table::mangle) {
        Match known = match;
        known.state = ConnectionState::established;
        add(table, Chain::inbound, std::move(known), jump(Chain::divert));
        add(table, Chain::inbound, std::move(match), jump(Chain::tproxy));
      } else {
        add(table, Chain::inbound, std::move(match), jump(Chain::in_redirect));
      }
    };
    add(table, Chain::inbound, to_port(options_.tunnel_port), back());
    if (!options_.inbound_ports.all) {
      for (uint16_t port : options_.inbound_ports.list) take(to_port(port));
      return;
    }
    add(table, Chain::inbound, to_port(kSshPort), back());
    for (uint16_t port : kAgentPorts) add(table, Chain::inbound, to_port(port), back());
    for (uint16_t port : options_.exclude_inbound_ports) add(table, Chain::inbound, to_port(port), back());
    take({.protocol = Protocol::tcp});
  }

  void take_inbound_transparently() {
    add(Table::mangle, Chain::divert, {}, {.kind = Kind::set_mark, .mark = options_.tproxy_mark});
    add(Table::mangle, Chain::divert, {}, {.kind = Kind::accept});
    for (const Versioned& each : loopbacks_) {
      add(Table::mangle, Chain::tproxy, {.destination = Range{each.range, true}, .protocol = Protocol::tcp},
          {.kind = Kind::tproxy, .port = options_.inbound_port, .mark = options_.tproxy_mark}, each.family);
    }
    add(Table::mangle, Chain::prerouting, {.protocol = Protocol::tcp}, jump(Chain::inbound));
    // What was taken once, what the proxy gives to the application, and what the application says to itself.
    const auto on_lo = [](Match match) {
      match.in_interface = "lo";
      match.protocol = Protocol::tcp;
      return match;
    };
    add(Table::mangle, Chain::inbound, {.protocol = Protocol::tcp, .ids = {mark(options_.tproxy_mark)}}, back());
    for (const Versioned& each : proxy_sources_) {
      add(Table::mangle, Chain::inbound, on_lo({.source = Range{each.range}}), back(), each.family);
    }
    add(Table::mangle, Chain::inbound, on_lo({.ids = {mark(kSelfCallMark, true)}}), back());
    take_inbound(Table::mangle);
  }

  /// A proxy that speaks to the application from its client's address marks its sockets: answers must find back to lo.
  void mark_for_routing() {
    const Match marked{.protocol = Protocol::tcp, .ids = {mark(options_.tproxy_mark)}};
    add(Table::mangle, Chain::prerouting, marked, {.kind = Kind::save_mark});
    Match leaving = marked;
    leaving.out_interface = "lo";
    add(Table::mangle, Chain::output, std::move(leaving), back());
    for (const Id& who : proxy_) {
      for (const Versioned& each : loopbacks_) {
        add(Table::mangle, Chain::output,
            {.out_interface = "lo", .destination = Range{each.range, true}, .protocol = Protocol::tcp, .ids = {who}},
            {.kind = Kind::set_mark, .mark = kSelfCallMark}, each.family);
      }
    }
    add(Table::mangle, Chain::output,
        {.protocol = Protocol::tcp, .ids = {{Id::Kind::connection_mark, options_.tproxy_mark}}},
        {.kind = Kind::restore_mark});
  }

  void leave_out_ports() {
    for (uint16_t port : options_.exclude_outbound_ports) {
      for (Protocol protocol : {Protocol::tcp, Protocol::udp}) {
        add(Table::nat, Chain::output, {.protocol = protocol, .ports = {port}}, back());
      }
    }
  }

  void let_proxy_pass() {
    for (const Versioned& each : proxy_sources_) {
      add(Table::nat, Chain::output, {.out_interface = "lo", .source = Range{each.range}}, back(), each.family);
    }
    // The application called a service that it is an endpoint of itself: from one end of the proxy to the other.
    std::vector<uint16_t> direct{options_.tunnel_port};
    if (options_.dns) direct.insert(direct.begin(), kDns);
    for (const Id& who : proxy_) {
      for (const Versioned& each : loopbacks_) {
        add(Table::nat, Chain::output,
            {.out_interface = "lo",
             .destination = Range{each.range, true},
             .protocol = Protocol::tcp,
             .ports = direct,
             .not_ports = true,
             .ids = {who}},
            jump(Chain::in_redirect), each.family);
      }
    }
    let_lo_pass();
    for (const Id& who : proxy_) add(Table::nat, Chain::output, {.ids = {who}}, back());
  }

  /// The application called localhost, or its own address: not a matter of the mesh. A DNS server on lo is.
  void let_lo_pass() {
    const auto& ranges = options_.outbound_ranges.list;
    if (std::ranges::any_of(ranges, [](const auto& each) { return each.base().is_loopback(); })) return;
    Match match{.out_interface = "lo"};
    for (Id who : proxy_) {
      who.negated = true;
      match.ids.push_back(who);
    }
    if (options_.dns) {
      match.protocol = Protocol::tcp;
      match.ports = {kDns};
      match.not_ports = true;
    }
    add(Table::nat, Chain::output, std::move(match), back());
  }

  void filter_groups() {
    for (uint32_t gid : options_.exclude_groups) {
      add(Table::nat, Chain::output, {.ids = {{Id::Kind::group, gid}}}, back());
    }
    if (options_.capture_groups.empty()) return;
    Match others;
    for (uint32_t gid : options_.capture_groups) others.ids.push_back({Id::Kind::group, gid, true});
    add(Table::nat, Chain::output, std::move(others), back());
  }

  /// visit(range or nothing, family) for each server whose queries are captured.
  template <class Visit>
  void each_server(Visit visit) {
    if (options_.all_dns) {
      visit(std::optional<Range>(), Family::both);
      return;
    }
    for (const net::Address& server : options_.dns_servers) {
      const uint32_t bits = static_cast<uint32_t>(server.bytes().size() * 8);
      const net::CidrRange only = *net::CidrRange::make(server, bits);
      if (family_of(only) == Family::ipv6 && !options_.ipv6) continue;
      visit(std::optional<Range>(Range{only}), family_of(only));
    }
  }

  void take_dns() {
    add(Table::nat, Chain::output, {}, jump(Chain::dns));
    each_server([&](const std::optional<Range>& server, Family family) {
      for (Protocol protocol : {Protocol::tcp, Protocol::udp}) {
        add(Table::nat, Chain::dns, {.destination = server, .protocol = protocol, .ports = {kDns}},
            redirect_to(options_.dns_port), family);
      }
    });
  }

  void split_dns_tracking() {
    add(Table::raw, Chain::prerouting, {}, jump(Chain::inbound));
    add(Table::raw, Chain::output, {}, jump(Chain::dns));
    for (const Id& who : proxy_) {
      add(Table::raw, Chain::dns, {.protocol = Protocol::udp, .ports = {kDns}, .ids = {who}}, zone(kProxyZone));
      add(Table::raw, Chain::dns, {.protocol = Protocol::udp, .source_port = options_.dns_port, .ids = {who}},
          zone(kApplicationZone));
    }
    each_server([&](const std::optional<Range>& server, Family family) {
      add(Table::raw, Chain::dns, {.destination = server, .protocol = Protocol::udp, .ports = {kDns}},
          zone(kApplicationZone), family);
      add(Table::raw, Chain::inbound, {.source = server, .protocol = Protocol::udp, .source_port = kDns},
          zone(kProxyZone), family);
    });
  }

  void take_outbound() {
    for (const Versioned& each : loopbacks_) {
      add(Table::nat, Chain::output, {.destination = Range{each.range}}, back(), each.family);
    }
    for (const net::CidrRange& each : options_.exclude_outbound_ranges) {
      add(Table::nat, Chain::output, {.destination = Range{each}}, back(), family_of(each));
    }
    for (uint16_t port : options_.outbound_ports) {
      add(Table::nat, Chain::output, {.protocol = Protocol::tcp, .ports = {port}}, jump(Chain::redirect));
    }
    if (options_.outbound_ranges.all) add(Table::nat, Chain::output, {}, jump(Chain::redirect));
    for (const net::CidrRange& each : options_.outbound_ranges.list) {
      add(Table::nat, Chain::output, {.destination = Range{each}}, jump(Chain::redirect), family_of(each));
    }
  }

  const Options& options_;
  std::vector<Versioned> loopbacks_, proxy_sources_;
  std::vector<Id> proxy_;
  std::vector<Rule> rules_;
};

}  // namespace

std::vector<Rule> rules_of(const Options& options) { return Builder(options).made(); }

}  // namespace proa::redirect
