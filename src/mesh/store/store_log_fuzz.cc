// Any bytes as a store's log: refused, or exactly what the store would have written. An input that begins with 'r' gets
// checksums first, so that what stands behind them is reached: each line is the body of a record.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "mesh/store/log_format.h"

namespace {

using namespace proa::mesh;

/// One record for each line, "rKEY=VALUE" or "rKEY" for a removal; a '#' in front skips a revision.
std::string sealed(std::string_view lines) {
  std::string out = log_header(0, 0);
  for (std::uint64_t revision = 1; !lines.empty(); ++revision) {
    std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    if (line.starts_with('#')) ++revision;
    const std::size_t equals = line.find('=');
    StoreChange change{std::string(line.substr(0, equals)), std::nullopt};
    if (equals != std::string_view::npos) change.value = line.substr(equals + 1);
    append_log_record(out, out.size(), revision, {&change, 1});
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.starts_with('r')) bytes = sealed(std::string_view(bytes).substr(1));
  std::vector<std::pair<std::uint64_t, std::vector<StoreChange>>> records;
  const auto end = read_log(bytes, [&](std::uint64_t revision, std::string_view key, auto value) {
    if (records.empty() || records.back().first != revision) records.push_back({revision, {}});
    records.back().second.push_back({std::string(key), value ? std::optional<std::string>(*value) : std::nullopt});
  });
  if (!end) {
    if (end.error().offset > bytes.size() || end.error().what.empty()) std::abort();
    return 0;
  }
  if (end->size > bytes.size() || end->size < kLogHeader) std::abort();
  std::string again = log_header(end->base, end->snapshot);
  for (const auto& [revision, changes] : records) append_log_record(again, again.size(), revision, changes);
  if (again != std::string_view(bytes).substr(0, end->size)) std::abort();
  return 0;
}
