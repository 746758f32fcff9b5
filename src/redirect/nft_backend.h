// The rules in nftables: our table is replaced, removed, and compared with what it should be.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "redirect/rules.h"

namespace proa::redirect {

Status nft_apply(const std::vector<Rule>& rules, const Options& options);
/// Tells whether there was a table of ours. No nft program: nothing that could be there.
Result<bool> nft_clean();
/// Whether the kernel would take the rules; changes nothing.
Status nft_probe(const std::vector<Rule>& rules, const Options& options);
/// In what the table is not as asked; empty: in nothing.
Result<std::string> nft_difference(const std::vector<Rule>& rules, const Options& options);
/// Whether istio-iptables' nftables are there.
bool nft_has_istio();

}  // namespace proa::redirect
