#include "redirect/apply.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>

#include "redirect/ebpf.h"
#include "redirect/iptables_backend.h"
#include "redirect/iptables_text.h"
#include "redirect/nft_backend.h"
#include "redirect/nft_text.h"
#include "redirect/routes.h"

namespace proa::redirect {
namespace {

using Lines = std::vector<std::string>;

/// Whether a line "inside outside count" of a uid_map holds it. No file: no user namespaces, all are there.
bool is_mapped(const char* map, uint32_t id) {
  std::ifstream file(map);
  if (!file) return true;
  uint64_t inside = 0, outside = 0, count = 0;
  while (file >> inside >> outside >> count) {
    if (id >= inside && id < inside + count) return true;
  }
  return false;
}

Status check_mapped(const char* option, const char* map, const std::vector<uint32_t>& ids) {
  for (uint32_t id : ids) {
    if (is_mapped(map, id)) continue;
    return fail(
        fmt::format("{}: {} does not exist in this user namespace ({}); write one that does, or '' and "
                    "--proxy-mark",
                    option, id, map));
  }
  return {};
}

/// Those that were added in vain are removed again.
void take_back(const std::vector<Route>& added) {
  for (const Route& route : added) (void)remove(route);
}

Result<std::vector<Route>> add_routes(const std::vector<Route>& routes) {
  std::vector<Route> added;
  for (const Route& route : routes) {
    if (!route.wanted) continue;
    auto done = add(route);
    if (!done) {
      take_back(added);
      return std::unexpected(done.error());
    }
    if (*done) added.push_back(route);
  }
  return added;
}

Status apply_rules(const std::vector<Rule>& rules, const Options& options) {
  if (options.mode == Mode::ebpf) return ebpf_apply(options);
  if (options.backend == Backend::nft) return nft_apply(rules, options);
  auto done = iptables_apply(rules, options);
  if (!done) return std::unexpected(done.error());
  return {};
}

/// Rules of ours, where they are: in nftables if `nft`, and in these kinds of iptables.
Status clean_rules(bool nft, const std::vector<Backend>& kinds, Lines& done) {
  if (nft) {
    auto removed = nft_clean();
    if (!removed) return std::unexpected(removed.error());
    if (*removed) done.push_back("removed the table inet proa of nftables");
  }
  for (Backend kind : kinds) {
    auto removed = iptables_clean(kind);
    if (!removed) return std::unexpected(removed.error());
    if (*removed) done.push_back(fmt::format("removed the chains PROA_* of {}", iptables_name(kind)));
  }
  return {};
}

Status clean_programs(const Options& options, Lines& done) {
  auto removed = ebpf_clean(options);
  if (!removed) return std::unexpected(removed.error());
  if (*removed) done.push_back("removed the eBPF programs");
  return {};
}

/// What another backend or mode has left.
Status clean_others(const Options& options, Lines& done) {
  std::vector<Backend> kinds = iptables_kinds();
  if (options.mode == Mode::ebpf) return clean_rules(true, kinds, done);
  if (options.backend != Backend::nft) std::erase(kinds, iptables_kind(options.backend));
  if (auto good = clean_rules(options.backend != Backend::nft, kinds, done); !good) return good;
  return clean_programs(options, done);
}

Status clean_routes(const Options& options, bool all, Lines& done) {
  std::vector<Route> routes = routes_of(options);
  std::ranges::reverse(routes);  // a routing rule before the route that it leads to
  for (const Route& route : routes) {
    if (route.wanted && !all) continue;
    auto removed = remove(route);
    if (!removed) return std::unexpected(removed.error());
    if (*removed) done.push_back("removed " + route.what);
  }
  return {};
}

}  // namespace

std::string name_of(Backend backend) { return backend == Backend::nft ? "nftables" : iptables_name(backend); }

Status check_ids(const Options& options) {
  const char *users = "/proc/self/uid_map", *groups = "/proc/self/gid_map";
  if (auto good = check_mapped("--proxy-uid", users, options.proxy_uids); !good) return good;
  if (auto good = check_mapped("--proxy-gid", groups, options.proxy_gids); !good) return good;
  if (auto good = check_mapped("--capture-groups", groups, options.capture_groups); !good) return good;
  return check_mapped("--exclude-groups", groups, options.exclude_groups);
}

Result<Lines> apply(const Options& options) {
  if (auto good = validate(options); !good) return std::unexpected(good.error());
  if (auto good = check_ids(options); !good) return std::unexpected(good.error());
  auto added = add_routes(routes_of(options));  // of no effect until a rule marks packets
  if (!added) return std::unexpected(added.error());
  if (auto done = apply_rules(rules_of(options), options); !done) {
    take_back(*added);
    return std::unexpected(done.error());
  }
  Lines out;
  for (const Route& route : *added) out.push_back("added " + route.what);
  out.push_back(options.mode == Mode::ebpf ? fmt::format("attached the eBPF programs to {}", options.cgroup)
                                           : fmt::format("applied the rules, with {}", name_of(options.backend)));
  if (auto done = clean_others(options, out); !done) return std::unexpected(done.error());
  if (auto done = clean_routes(options, false, out); !done) return std::unexpected(done.error());
  return out;
}

Result<Lines> clean(const Options& options) {
  Lines out;
  if (auto done = clean_programs(options, out); !done) return std::unexpected(done.error());
  if (auto done = clean_rules(true, iptables_kinds(), out); !done) return std::unexpected(done.error());
  if (auto done = clean_routes(options, true, out); !done) return std::unexpected(done.error());
  return out;
}

std::string print(const Options& options) {
  const std::vector<Rule> rules = rules_of(options);
  std::string out;
  if (options.mode == Mode::ebpf) return "# --mode EBPF: programs of this proa, not text\n";
  for (const Route& route : routes_of(options)) {
    if (route.wanted) out += fmt::format("# {}\n", fmt::join(route.command("add"), " "));
  }
  if (options.backend == Backend::nft) return out + "# nft -f -\n" + nft_replace_text(rules, options);
  const std::string name = iptables_name(options.backend);
  const bool tproxy = options.mode == Mode::tproxy;
  out += fmt::format("# {}-restore --noflush\n", name);
  out += iptables_transition({}, iptables_state(rules, Family::ipv4), tproxy);
  if (!options.ipv6) return out;
  out += fmt::format("# ip6{}-restore --noflush\n", name.substr(2));
  return out + iptables_transition({}, iptables_state(rules, Family::ipv6), tproxy);
}

}  // namespace proa::redirect
