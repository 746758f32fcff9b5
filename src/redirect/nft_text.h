// Rules as nftables takes them: one table of ours, for IPv4 and IPv6, that a transaction replaces whole.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "redirect/rules.h"

namespace proa::redirect {

inline constexpr std::string_view kNftTable = "proa";

/// A base chain's line, e.g. "type nat hook output priority -100; policy accept;".
struct NftHook {
  std::string chain;
  std::string line;
};
/// Of the tables that `rules` use.
std::vector<NftHook> nft_hooks(const std::vector<Rule>& rules);

/// "table inet NAME { ... }". Without hooks the chains are there and nothing comes to them.
std::string nft_table_text(const std::vector<Rule>& rules, const Options& options, std::string_view name, bool hooked);

/// A transaction after which our table is this and nothing else, whatever it was.
std::string nft_replace_text(const std::vector<Rule>& rules, const Options& options);
/// A transaction after which there is no table of that name, if there was one or not.
std::string nft_remove_text(std::string_view name);

}  // namespace proa::redirect
