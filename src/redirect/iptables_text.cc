#include "redirect/iptables_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace proa::redirect {
namespace {

using Kind = Action::Kind;

constexpr std::string_view kPrefix = "PROA_";
constexpr std::string_view kTableNames[] = {"raw", "mangle", "nat"};

std::string name_of(Chain chain) {
  constexpr std::string_view kNames[] = {"PREROUTING",  "OUTPUT", "INBOUND", "REDIRECT",
                                         "IN_REDIRECT", "DNS",    "DIVERT",  "TPROXY"};
  return fmt::format("{}{}", kPrefix, kNames[static_cast<size_t>(chain)]);
}

std::string_view unless(bool negated) { return negated ? "! " : ""; }

void add_ports(std::vector<std::string>& words, const Match& match) {
  if (match.protocol == Protocol::any) return;
  const std::string_view protocol = match.protocol == Protocol::udp ? "udp" : "tcp";
  words.push_back(fmt::format("-p {}", protocol));
  if (match.ports.size() > 1) {
    words.push_back(fmt::format("-m multiport {}--dports {}", unless(match.not_ports), fmt::join(match.ports, ",")));
  } else if (match.ports.size() == 1) {
    words.push_back(fmt::format("-m {} {}--dport {}", protocol, unless(match.not_ports), match.ports[0]));
  }
  if (match.source_port) words.push_back(fmt::format("-m {} --sport {}", protocol, *match.source_port));
}

std::string id_text(const Id& id) {
  switch (id.kind) {
    case Id::Kind::user: return fmt::format("-m owner {}--uid-owner {}", unless(id.negated), id.value);
    case Id::Kind::group: return fmt::format("-m owner {}--gid-owner {}", unless(id.negated), id.value);
    case Id::Kind::mark: return fmt::format("-m mark {}--mark {:#x}", unless(id.negated), id.value);
    case Id::Kind::connection_mark: return fmt::format("-m connmark {}--mark {:#x}", unless(id.negated), id.value);
  }
  return {};
}

std::string action_text(const Action& action, Family family) {
  switch (action.kind) {
    case Kind::jump: return "-j " + name_of(action.chain);
    case Kind::back: return "-j RETURN";
    case Kind::accept: return "-j ACCEPT";
    case Kind::drop: return "-j DROP";
    case Kind::redirect: return fmt::format("-j REDIRECT --to-ports {}", action.port);
    case Kind::tproxy:
      return fmt::format("-j TPROXY --on-port {} --on-ip {} --tproxy-mark {:#x}/0xffffffff", action.port,
                         family == Family::ipv6 ? "::" : "0.0.0.0", action.mark);
    case Kind::set_mark: return fmt::format("-j MARK --set-xmark {:#x}/0xffffffff", action.mark);
    case Kind::save_mark: return "-j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff";
    case Kind::restore_mark: return "-j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff";
    case Kind::zone: return fmt::format("-j CT --zone {}", action.mark);
  }
  return {};
}

/// Word for word as iptables-save prints it, so that what is there can be compared with what should be.
std::string rule_text(const Rule& rule, Family family) {
  const Match& match = rule.match;
  std::vector<std::string> words{"-A " + name_of(rule.chain)};
  const auto add_range = [&](std::string_view flag, const std::optional<Range>& range) {
    if (range) words.push_back(fmt::format("{}{} {}", unless(range->negated), flag, range->range.to_string()));
  };
  add_range("-s", match.source);
  add_range("-d", match.destination);
  if (!match.in_interface.empty()) words.push_back("-i " + match.in_interface);
  if (!match.out_interface.empty()) words.push_back("-o " + match.out_interface);
  add_ports(words, match);
  for (const Id& id : match.ids) words.push_back(id_text(id));
  if (match.state == ConnectionState::established) words.push_back("-m conntrack --ctstate RELATED,ESTABLISHED");
  if (match.state == ConnectionState::invalid) words.push_back("-m conntrack --ctstate INVALID");
  words.push_back(action_text(rule.action, family));
  return fmt::format("{}", fmt::join(words, " "));
}

bool ours(std::string_view chain) { return chain.starts_with(kPrefix); }

std::string_view word(std::string_view line, size_t number) {
  for (; number > 0; --number) {
    const size_t space = line.find(' ');
    if (space == std::string_view::npos) return {};
    line.remove_prefix(space + 1);
  }
  return line.substr(0, line.find(' '));
}

void add_transition(std::string& out, Table table, const IptablesTable& from, const IptablesTable& to) {
  if (from == to) return;
  out += fmt::format("*{}\n", kTableNames[static_cast<size_t>(table)]);
  std::vector<std::string> gone = from.chains;
  std::erase_if(gone, [&](const std::string& chain) { return std::ranges::count(to.chains, chain) != 0; });
  // Naming a chain makes or empties it.
  for (const std::string& chain : to.chains) out += fmt::format(":{} - [0:0]\n", chain);
  for (const std::string& chain : gone) out += fmt::format(":{} - [0:0]\n", chain);
  for (const std::string& jump : from.jumps) out += fmt::format("-D{}\n", std::string_view(jump).substr(2));
  for (const std::string& rule : to.rules) out += rule + "\n";
  for (const std::string& jump : to.jumps) out += jump + "\n";
  for (const std::string& chain : gone) out += fmt::format("-X {}\n", chain);
  out += "COMMIT\n";
}

}  // namespace

IptablesState iptables_state(const std::vector<Rule>& rules, Family family) {
  IptablesState out;
  for (const Rule& rule : rules) {
    if (rule.family != Family::both && rule.family != family) continue;
    IptablesTable& table = out[static_cast<size_t>(rule.table)];
    const auto need = [&](Chain chain) {
      const std::string name = name_of(chain);
      if (std::ranges::find(table.chains, name) == table.chains.end()) table.chains.push_back(name);
    };
    if (table.chains.empty()) {
      for (Chain chain : {Chain::prerouting, Chain::output}) need(chain);
      table.jumps = {"-A PREROUTING -j PROA_PREROUTING", "-A OUTPUT -j PROA_OUTPUT"};
    }
    need(rule.chain);
    if (rule.action.kind == Kind::jump) need(rule.action.chain);
    table.rules.push_back(rule_text(rule, family));
  }
  // As iptables-save has them: by chain. Within a chain the order is what counts.
  for (IptablesTable& table : out) {
    std::ranges::sort(table.chains);
    std::ranges::stable_sort(table.rules, {}, [](const std::string& rule) { return word(rule, 1); });
  }
  return out;
}

IptablesState parse_iptables_save(std::string_view text) {
  IptablesState out;
  IptablesTable* table = nullptr;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (line.ends_with(' ')) line.remove_suffix(1);
    if (line.starts_with('*')) {
      const auto* at = std::ranges::find(kTableNames, line.substr(1));
      table = at == std::end(kTableNames) ? nullptr : &out[static_cast<size_t>(at - std::begin(kTableNames))];
    } else if (table && line.starts_with(':')) {
      const std::string_view chain = word(line.substr(1), 0);
      if (ours(chain)) table->chains.emplace_back(chain);
    } else if (table && line.starts_with("-A ")) {
      const std::string_view last = line.substr(line.rfind(' ') + 1);
      if (ours(word(line, 1))) {
        table->rules.emplace_back(line);
      } else if (ours(last)) {
        table->jumps.emplace_back(line);
      }
    }
  }
  for (IptablesTable& each : out) {
    std::ranges::sort(each.chains);
    std::ranges::stable_sort(each.rules, {}, [](const std::string& rule) { return word(rule, 1); });
    // In the order in which the kernel's chains are printed, which differs.
    std::ranges::stable_sort(each.jumps, std::greater<>());
  }
  return out;
}

std::string iptables_transition(const IptablesState& from, const IptablesState& to, bool mangle_first) {
  const std::array<Table, 3> order = mangle_first ? std::array{Table::raw, Table::mangle, Table::nat}
                                                  : std::array{Table::raw, Table::nat, Table::mangle};
  std::string out;
  for (Table table : order) {
    const auto index = static_cast<size_t>(table);
    add_transition(out, table, from[index], to[index]);
  }
  return out;
}

}  // namespace proa::redirect
