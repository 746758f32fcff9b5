#include "redirect/nft_backend.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "redirect/nft_text.h"
#include "redirect/tool.h"

namespace proa::redirect {
namespace {

using Lines = std::vector<std::string>;

Result<bool> table_is_there(std::string_view name) {
  auto tables = demand_tool({"nft", "list", "tables", "inet"});
  if (!tables) return std::unexpected(tables.error());
  return fmt::format("\n{}", *tables).find(fmt::format("\ntable inet {}\n", name)) != std::string::npos;
}

Status run(const std::string& text) {
  auto done = demand_tool({"nft", "-f", "/dev/stdin"}, text);
  if (!done) return std::unexpected(done.error());
  return {};
}

/// The lines of a table as nft lists it, without counters and the table's name; priorities as numbers.
Result<Lines> listed(const std::string& name) {
  auto text = demand_tool({"nft", "-s", "-y", "list", "table", "inet", name});
  if (!text) return std::unexpected(text.error());
  Lines out;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
    if (!line.empty() && !line.starts_with("table ")) out.emplace_back(line);
  }
  return out;
}

/// Takes the hooks out of a listing.
Lines hooks_of(Lines& lines) {
  Lines out;
  std::string chain;
  std::erase_if(lines, [&](const std::string& line) {
    if (line.starts_with("chain ")) chain = line.substr(6, line.find(' ', 6) - 6);
    if (!line.starts_with("type ")) return false;
    out.push_back(fmt::format("{}: {}", chain, line));
    return true;
  });
  std::ranges::sort(out);
  return out;
}

std::string first_difference(const Lines& is, const Lines& should) {
  const auto [a, b] = std::ranges::mismatch(is, should);
  if (a == is.end() && b == should.end()) return {};
  if (a == is.end()) return fmt::format("'{}' is missing", *b);
  if (b == should.end()) return fmt::format("'{}' is too much", *a);
  return fmt::format("there is '{}' where '{}' should be", *a, *b);
}

}  // namespace

Status nft_apply(const std::vector<Rule>& rules, const Options& options) {
  return run(nft_replace_text(rules, options));
}

Result<bool> nft_clean() {
  if (!find_tool("nft")) return false;
  auto there = table_is_there(kNftTable);
  if (!there || !*there) return there;
  if (auto done = run(nft_remove_text(kNftTable)); !done) return std::unexpected(done.error());
  return true;
}

Status nft_probe(const std::vector<Rule>& rules, const Options& options) {
  auto done = demand_tool({"nft", "-c", "-f", "/dev/stdin"}, nft_replace_text(rules, options));
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<std::string> nft_difference(const std::vector<Rule>& rules, const Options& options) {
  auto there = table_is_there(kNftTable);
  if (!there) return std::unexpected(there.error());
  if (!*there) return std::string("there is no table inet proa");
  auto is = listed(std::string(kNftTable));
  if (!is) return std::unexpected(is.error());

  // How nft prints a rule depends on its version: the same rules are put beside, where no packet comes, and listed too.
  const std::string beside = fmt::format("proa_check_{}", ::getpid());
  if (auto put = run(nft_table_text(rules, options, beside, false)); !put) return std::unexpected(put.error());
  auto should = listed(beside);
  if (auto gone = run(nft_remove_text(beside)); !gone) return std::unexpected(gone.error());
  if (!should) return std::unexpected(should.error());

  Lines hooks;
  for (const NftHook& hook : nft_hooks(rules)) hooks.push_back(fmt::format("{}: {}", hook.chain, hook.line));
  std::ranges::sort(hooks);
  std::string difference = first_difference(hooks_of(*is), hooks);
  return difference.empty() ? first_difference(*is, *should) : difference;
}

bool nft_has_istio() {
  if (!find_tool("nft")) return false;
  auto tables = run_tool({"nft", "list", "tables", "inet"});
  return tables && tables->out.find("table inet istio-proxy-") != std::string::npos;
}

}  // namespace proa::redirect
