#include "redirect/nft_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace proa::redirect {
namespace {

using Kind = Action::Kind;

std::string_view name_of(Table table) {
  constexpr std::string_view kNames[] = {"raw", "mangle", "nat"};
  return kNames[static_cast<size_t>(table)];
}

std::string name_of(Table table, Chain chain) {
  constexpr std::string_view kNames[] = {"prerouting",  "output", "inbound", "redirect",
                                         "in_redirect", "dns",    "divert",  "tproxy"};
  return fmt::format("{}_{}", name_of(table), kNames[static_cast<size_t>(chain)]);
}

std::string interface_name(std::string name) {
  if (name.ends_with('+')) name.back() = '*';
  return '"' + name + '"';
}

std::string address_text(const net::CidrRange& range) {
  return range.length() == range.base().bytes().size() * 8 ? range.base().ip() : range.to_string();
}

std::string_view unless(bool negated) { return negated ? "!= " : ""; }

void add_match(std::vector<std::string>& words, const Rule& rule) {
  const Match& match = rule.match;
  const std::string_view ip = rule.family == Family::ipv6 ? "ip6" : "ip";
  if (rule.family != Family::both && !match.source && !match.destination) {
    words.push_back(rule.family == Family::ipv6 ? "meta nfproto ipv6" : "meta nfproto ipv4");
  }
  if (!match.in_interface.empty()) words.push_back("iifname " + interface_name(match.in_interface));
  if (!match.out_interface.empty()) words.push_back("oifname " + interface_name(match.out_interface));
  const auto add_range = [&](std::string_view field, const std::optional<Range>& range) {
    if (range)
      words.push_back(fmt::format("{} {} {}{}", ip, field, unless(range->negated), address_text(range->range)));
  };
  add_range("saddr", match.source);
  add_range("daddr", match.destination);
  const std::string_view protocol = match.protocol == Protocol::udp ? "udp" : "tcp";
  if (match.protocol != Protocol::any && match.ports.empty() && !match.source_port) {
    words.push_back(fmt::format("meta l4proto {}", protocol));
  }
  if (match.source_port) words.push_back(fmt::format("{} sport {}", protocol, *match.source_port));
  if (match.ports.size() == 1) {
    words.push_back(fmt::format("{} dport {}{}", protocol, unless(match.not_ports), match.ports[0]));
  } else if (!match.ports.empty()) {
    words.push_back(
        fmt::format("{} dport {}{{ {} }}", protocol, unless(match.not_ports), fmt::join(match.ports, ", ")));
  }
  for (const Id& id : match.ids) {
    constexpr std::string_view kFields[] = {"meta skuid", "meta skgid", "meta mark", "ct mark"};
    words.push_back(fmt::format("{} {}{}", kFields[static_cast<size_t>(id.kind)], unless(id.negated), id.value));
  }
  if (match.state == ConnectionState::established) words.push_back("ct state established,related");
  if (match.state == ConnectionState::invalid) words.push_back("ct state invalid");
}

std::string action_text(const Rule& rule) {
  const Action& action = rule.action;
  switch (action.kind) {
    case Kind::jump: return "jump " + name_of(rule.table, action.chain);
    case Kind::back: return "return";
    case Kind::accept: return "accept";
    case Kind::drop: return "counter drop";
    case Kind::redirect: return fmt::format("counter redirect to :{}", action.port);
    case Kind::tproxy:
      return fmt::format("counter tproxy {} to :{} meta mark set {} accept", rule.family == Family::ipv6 ? "ip6" : "ip",
                         action.port, action.mark);
    case Kind::set_mark: return fmt::format("meta mark set {}", action.mark);
    case Kind::save_mark: return "ct mark set meta mark";
    case Kind::restore_mark: return "meta mark set ct mark";
    case Kind::zone: return fmt::format("ct zone set {}", action.mark);
  }
  return {};
}

std::string rule_text(const Rule& rule) {
  std::vector<std::string> words;
  add_match(words, rule);
  words.push_back(action_text(rule));
  return fmt::format("{}", fmt::join(words, " "));
}

bool used(const std::vector<Rule>& rules, Table table) {
  return std::ranges::any_of(rules, [&](const Rule& rule) { return rule.table == table; });
}

/// A chain is there when something is in it, or leads to it. Those that others jump to come first.
std::vector<Chain> chains_of(const std::vector<Rule>& rules, Table table) {
  std::vector<Chain> out;
  for (Chain chain : {Chain::tproxy, Chain::divert, Chain::dns, Chain::in_redirect, Chain::redirect, Chain::inbound,
                      Chain::output, Chain::prerouting}) {
    const bool there = std::ranges::any_of(rules, [&](const Rule& rule) {
      return rule.table == table &&
             (rule.chain == chain || (rule.action.kind == Kind::jump && rule.action.chain == chain));
    });
    if (there || ((chain == Chain::output || chain == Chain::prerouting) && used(rules, table))) out.push_back(chain);
  }
  return out;
}

}  // namespace

std::vector<NftHook> nft_hooks(const std::vector<Rule>& rules) {
  std::vector<NftHook> out;
  for (Table table : kTables) {
    if (!used(rules, table)) continue;
    constexpr int kPriorities[] = {-300, -150, -100};
    for (Chain chain : {Chain::prerouting, Chain::output}) {
      // A changed mark must lead to another look at the routes: type route.
      const std::string_view type = table == Table::nat                                ? "nat"
                                    : table == Table::mangle && chain == Chain::output ? "route"
                                                                                       : "filter";
      out.push_back({name_of(table, chain), fmt::format("type {} hook {} priority {}; policy accept;", type,
                                                        chain == Chain::output ? "output" : "prerouting",
                                                        kPriorities[static_cast<size_t>(table)])});
    }
  }
  return out;
}

std::string nft_table_text(const std::vector<Rule>& rules, const Options& options, std::string_view name, bool hooked) {
  const std::vector<NftHook> hooks = nft_hooks(rules);
  std::string out = fmt::format("table inet {} {{\n", name);
  for (Table table : kTables) {
    for (Chain chain : chains_of(rules, table)) {
      const std::string chain_name = name_of(table, chain);
      out += fmt::format("\tchain {} {{\n", chain_name);
      const auto hook = std::ranges::find(hooks, chain_name, &NftHook::chain);
      if (hook != hooks.end()) {
        if (hooked) out += fmt::format("\t\t{}\n", hook->line);
        if (!options.ipv6) out += "\t\tmeta nfproto ipv6 return\n";
      }
      for (const Rule& rule : rules) {
        if (rule.table == table && rule.chain == chain) out += fmt::format("\t\t{}\n", rule_text(rule));
      }
      out += "\t}\n";
    }
  }
  return out + "}\n";
}

std::string nft_replace_text(const std::vector<Rule>& rules, const Options& options) {
  return nft_remove_text(kNftTable) + nft_table_text(rules, options, kNftTable, true);
}

std::string nft_remove_text(std::string_view name) {
  return fmt::format("add table inet {0}\ndelete table inet {0}\n", name);
}

}  // namespace proa::redirect
