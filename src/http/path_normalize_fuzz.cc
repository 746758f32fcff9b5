// The first byte chooses the rules, the rest is the path: what comes out is normal, and stays so.
#include "http/path_normalize.h"

#include <cstdint>
#include <cstdlib>

#include "http/percent.h"

using namespace proa;
using namespace proa::http;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check_normal(std::string_view path, const PathRules& rules) {
  std::string_view plain = without_query(path);
  require(plain.starts_with('/'));
  if (rules.merge_slashes) require(plain.find("//") == plain.npos);
  if (!rules.normalize) return;
  require(plain.find('\\') == plain.npos);
  for (std::string_view dots : {"/./", "/../", "%2e", "%2E", "%00"}) require(plain.find(dots) == plain.npos);
  require(!plain.ends_with("/.") && !plain.ends_with("/.."));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  PathRules rules{(data[0] & 1) != 0, (data[0] & 2) != 0, static_cast<EscapedSlashes>(data[0] >> 2 & 3)};
  std::string_view path(reinterpret_cast<const char*>(data) + 1, size - 1);
  Arena arena;
  NormalPath once = normalize_path(path, rules, arena);
  if (once.verdict == PathVerdict::kReject) {
    require(!once.reason.empty());
    return 0;
  }
  require(once.path.size() <= path.size() + 1);
  if (!path.starts_with('/')) return 0;
  check_normal(once.path, rules);
  require(once.path.substr(without_query(once.path).size()) == path.substr(without_query(path).size()));
  if (rules.normalize) {
    NormalPath twice = normalize_path(once.path, rules, arena);
    require(twice.verdict == PathVerdict::kOk && twice.path == once.path);
  }
  percent_decode(path, arena);
  return 0;
}
