// Any text as objects: what the API would store of each is read again as that object, and written again as that text.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "mesh/api/object_text.h"
#include "mesh/source/yaml_documents.h"

namespace {

bool has_line_over(std::string_view text, std::size_t size) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    if (end > size) return true;
    text.remove_prefix(end);
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace proa::mesh;
  if (size > 1 << 16) return 0;
  proa::config::Problems problems;
  const auto documents = read_documents({reinterpret_cast<const char*>(data), size}, "input", problems);
  if (!documents) return 0;
  for (const Document& document : documents->good) {
    const KeptMetadata kept{.created = 1767225600, .resource_version = 7};
    const std::string text = object_text(document, kept);
    proa::config::Problems again;
    const auto stored = read_documents(text, "stored", again);
    if (!stored || stored->good.size() != 1) {
      // A key that is longer than YAML allows, which JSON does: the store refuses it.
      if (!has_line_over(text, 1000)) std::abort();
      continue;
    }
    if (stored->good.front().key != document.key || object_text(stored->good.front(), kept) != text) std::abort();
  }
  return 0;
}
