// Any bytes as YAML and as JSON: each gives a tree or says why not, and a tree can be walked from end to end.
#include <cstdint>
#include <cstdlib>

#include "config/yaml_tree.h"

namespace {

using namespace proa::config;

std::size_t walk(const Node& node) {
  std::size_t size = node.text().size() + node.described().size() + (node.mark().line == 0 ? 0 : 1);
  if (node.is_null() && node.boolean()) std::abort();
  for (std::size_t i = 0; i < node.size(); ++i) {
    if (node.is_mapping()) {
      const auto found = node.find(node.key(i).text());
      if (!found || found->mark() != node.value(i).mark()) std::abort();  // keys are unique
    }
    size += walk(node.is_sequence() ? node.item(i) : node.value(i));
  }
  return size;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // Small limits, so that inputs of a few hundred bytes reach them.
  const TreeLimits limits{.bytes = 1 << 16, .nodes = 5000, .alias_nodes = 500, .depth = 12};
  for (const auto read : {read_yaml, read_json}) {
    Problems problems;
    const auto tree = read(text, "input", problems, limits);
    if (tree.has_value() != problems.ok()) std::abort();
    if (tree) walk(tree->root());
    problems.str();
  }
  return 0;
}
