// The rules in iptables and ip6tables, of either kind: our chains are changed at once, others' rules stay.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "redirect/rules.h"

namespace proa::redirect {

/// "iptables", "iptables-nft" or "iptables-legacy". Not for Backend::nft.
std::string iptables_name(Backend backend);
/// Which of iptables_kinds() it is.
Backend iptables_kind(Backend backend);
/// Those of the system whose rules are in different places.
std::vector<Backend> iptables_kinds();

/// All of both families, or, after a failure, all as it was. Tells whether anything changed.
Result<bool> iptables_apply(const std::vector<Rule>& rules, const Options& options);
/// Tells whether anything of ours was there.
Result<bool> iptables_clean(Backend backend);
/// Whether iptables-restore would take the rules; changes nothing.
Status iptables_probe(const std::vector<Rule>& rules, const Options& options);
/// In what the rules are not as asked; empty: in nothing.
Result<std::string> iptables_difference(const std::vector<Rule>& rules, const Options& options);
/// Whether istio-iptables' chains are there.
bool iptables_has_istio(Backend backend);

}  // namespace proa::redirect
