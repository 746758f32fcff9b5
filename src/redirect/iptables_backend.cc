#include "redirect/iptables_backend.h"

#include <fmt/format.h>

#include <algorithm>

#include "redirect/iptables_text.h"
#include "redirect/tool.h"

namespace proa::redirect {
namespace {

constexpr std::string_view kTableNames[] = {"raw", "mangle", "nat"};

/// The programs of one family.
struct Tools {
  Family family;
  std::string save, restore;
};

Tools tools_of(Backend backend, Family family) {
  std::string name = iptables_name(backend);
  if (family == Family::ipv6) name = "ip6" + name.substr(2);
  return {family, name + "-save", name + "-restore"};
}

Result<IptablesState> state_of(const Tools& tools) {
  auto all = run_tool({tools.save});
  if (!all) return std::unexpected(all.error());
  if (all->exit_code == 0) return parse_iptables_save(all->out);
  // In a user namespace the list of iptables-legacy's tables belongs to nobody: each is asked for by its name.
  std::string text;
  for (std::string_view table : kTableNames) {
    auto one = demand_tool({tools.save, "-t", std::string(table)});
    if (!one) return std::unexpected(one.error());
    text += *one;
  }
  return parse_iptables_save(text);
}

std::vector<std::string> restore_command(const Tools& tools) {
  return {tools.restore, "--noflush", "--wait", "5"};  // seconds for the lock that all iptables share
}

Status run(const Tools& tools, const std::string& text) {
  if (text.empty()) return {};
  auto done = demand_tool(restore_command(tools), text);
  if (!done) return std::unexpected(done.error());
  return {};
}

/// iptables of nftables' kind makes chains and tables for the kernel's hooks, and leaves them. Those without a rule go
/// with ours.
void drop_empty_table(Family family, std::string_view table) {
  const std::string_view ip = family == Family::ipv6 ? "ip6" : "ip";
  if (!find_tool("nft")) return;
  auto listed = run_tool({"nft", "list", "table", std::string(ip), std::string(table)});
  if (!listed || listed->exit_code != 0) return;
  std::string deletions, chain;
  bool all_empty = true, empty = true;
  std::string_view rest = listed->out;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
    if (line.empty() || line.starts_with("table ") || line.ends_with("policy accept;")) continue;
    if (line.starts_with("chain ")) {
      chain = line.substr(6, line.find(' ', 6) - 6);
      empty = true;
    } else if (line != "}") {
      empty = all_empty = false;
    } else if (empty && (chain == "PREROUTING" || chain == "OUTPUT")) {
      deletions += fmt::format("delete chain {} {} {}\n", ip, table, chain);
    } else if (!chain.empty()) {
      all_empty = false;
    }
    if (line == "}") chain.clear();
  }
  if (all_empty) deletions += fmt::format("delete table {} {}\n", ip, table);
  // A chain that got a rule meanwhile refuses to go, and then all stays.
  if (!deletions.empty()) (void)run_tool({"nft", "-f", "/dev/stdin"}, deletions);
}

void drop_empty_tables(const Tools& tools, const IptablesState& from, const IptablesState& to) {
  for (Table table : kTables) {
    const auto index = static_cast<size_t>(table);
    if (!from[index].empty() && to[index].empty()) drop_empty_table(tools.family, kTableNames[index]);
  }
}

struct Change {
  Tools tools;
  IptablesState from, to;
};

/// Of each family that is asked for, or has something of ours.
Result<std::vector<Change>> changes(const std::vector<Rule>& rules, const Options& options) {
  std::vector<Change> out;
  for (Family family : {Family::ipv4, Family::ipv6}) {
    const bool wanted = family == Family::ipv4 || options.ipv6;
    Change change{.tools = tools_of(options.backend, family), .from = {}, .to = {}};
    if (!wanted && !find_tool(change.tools.save)) continue;
    auto from = state_of(change.tools);
    if (!from) return std::unexpected(from.error());
    change.from = std::move(*from);
    if (wanted) change.to = iptables_state(rules, family);
    out.push_back(std::move(change));
  }
  return out;
}

/// Back to what was there before a change that failed half-way.
Status undo(const Change& change) {
  auto now = state_of(change.tools);
  if (!now) return std::unexpected(now.error());
  if (auto done = run(change.tools, iptables_transition(*now, change.from, false)); !done) return done;
  drop_empty_tables(change.tools, *now, change.from);
  return {};
}

std::string first_difference(const std::vector<std::string>& is, const std::vector<std::string>& should) {
  const auto [a, b] = std::ranges::mismatch(is, should);
  if (a == is.end() && b == should.end()) return {};
  if (a == is.end()) return fmt::format("'{}' is missing", *b);
  if (b == should.end()) return fmt::format("'{}' is too much", *a);
  return fmt::format("there is '{}' where '{}' should be", *a, *b);
}

}  // namespace

std::string iptables_name(Backend backend) {
  return backend == Backend::iptables_nft      ? "iptables-nft"
         : backend == Backend::iptables_legacy ? "iptables-legacy"
                                               : "iptables";
}

Backend iptables_kind(Backend backend) {
  const std::vector<Backend> kinds = iptables_kinds();
  if (backend != Backend::iptables || std::ranges::count(kinds, backend)) return backend;
  auto version = run_tool({"iptables", "--version"});
  const bool legacy = version && version->out.find("legacy") != std::string::npos;
  return legacy ? Backend::iptables_legacy : Backend::iptables_nft;
}

std::vector<Backend> iptables_kinds() {
  std::vector<Backend> out;
  for (Backend kind : {Backend::iptables_nft, Backend::iptables_legacy}) {
    if (find_tool(iptables_name(kind) + "-save")) out.push_back(kind);
  }
  if (out.empty() && find_tool("iptables-save")) out.push_back(Backend::iptables);
  return out;
}

Result<bool> iptables_apply(const std::vector<Rule>& rules, const Options& options) {
  auto all = changes(rules, options);
  if (!all) return std::unexpected(all.error());
  bool changed = false;
  for (size_t i = 0; i < all->size(); ++i) {
    const Change& change = (*all)[i];
    const std::string text = iptables_transition(change.from, change.to, options.mode == Mode::tproxy);
    changed |= !text.empty();
    auto done = run(change.tools, text);
    if (done) continue;
    std::string why = done.error().message;
    for (size_t j = 0; j <= i; ++j) {
      if (auto undone = undo((*all)[j]); !undone)
        why += "; and what was there could not be restored: " + undone.error().message;
    }
    return fail(why);
  }
  for (const Change& change : *all) drop_empty_tables(change.tools, change.from, change.to);
  return changed;
}

Result<bool> iptables_clean(Backend backend) {
  bool changed = false;
  for (Family family : {Family::ipv4, Family::ipv6}) {
    const Tools tools = tools_of(backend, family);
    if (!find_tool(tools.save)) continue;
    auto from = state_of(tools);
    if (!from) return std::unexpected(from.error());
    const std::string text = iptables_transition(*from, {}, false);
    if (text.empty()) continue;
    if (auto done = run(tools, text); !done) return std::unexpected(done.error());
    drop_empty_tables(tools, *from, {});
    changed = true;
  }
  return changed;
}

Status iptables_probe(const std::vector<Rule>& rules, const Options& options) {
  auto all = changes(rules, options);
  if (!all) return std::unexpected(all.error());
  for (const Change& change : *all) {
    auto command = restore_command(change.tools);
    command.push_back("--test");
    const std::string text = iptables_transition(change.from, change.to, options.mode == Mode::tproxy);
    if (text.empty()) continue;
    if (auto done = demand_tool(command, text); !done) return std::unexpected(done.error());
  }
  return {};
}

Result<std::string> iptables_difference(const std::vector<Rule>& rules, const Options& options) {
  auto all = changes(rules, options);
  if (!all) return std::unexpected(all.error());
  for (const Change& change : *all) {
    for (size_t i = 0; i < change.to.size(); ++i) {
      for (const auto part : {&IptablesTable::chains, &IptablesTable::rules, &IptablesTable::jumps}) {
        const std::string difference = first_difference(change.from[i].*part, change.to[i].*part);
        if (!difference.empty()) return fmt::format("{}: {}", change.tools.save, difference);
      }
    }
  }
  return std::string();
}

bool iptables_has_istio(Backend backend) {
  for (Family family : {Family::ipv4, Family::ipv6}) {
    const Tools tools = tools_of(backend, family);
    if (!find_tool(tools.save)) continue;
    auto saved = run_tool({tools.save});
    if (saved && saved->out.find("\n:ISTIO_") != std::string::npos) return true;
  }
  return false;
}

}  // namespace proa::redirect
