// Rules as iptables-save prints them and iptables-restore takes them, and the way from one state to another.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "redirect/rules.h"

namespace proa::redirect {

/// What of a table is ours: chains with a name of ours, and the jumps to them from the kernel's chains.
struct IptablesTable {
  std::vector<std::string> chains{};
  std::vector<std::string> rules{};  ///< "-A PROA_..."
  std::vector<std::string> jumps{};  ///< "-A OUTPUT -j PROA_OUTPUT"
  bool operator==(const IptablesTable&) const = default;
  bool empty() const { return chains.empty() && rules.empty() && jumps.empty(); }
};

/// Of one family; the index is a Table.
using IptablesState = std::array<IptablesTable, std::size(kTables)>;

IptablesState iptables_state(const std::vector<Rule>& rules, Family family);
/// From iptables-save's text. What is not ours does not appear.
IptablesState parse_iptables_save(std::string_view text);

/// For iptables-restore --noflush: each table goes from one state to the other at once, others' rules stay. Empty when
/// nothing is to be done. Tables that take traffic come before those that let go of it: `mangle_first` says which.
std::string iptables_transition(const IptablesState& from, const IptablesState& to, bool mangle_first);

}  // namespace proa::redirect
