// Any text as Kubernetes objects: what is injected is YAML again, and injecting it once more changes nothing.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "config/yaml_tree.h"
#include "mesh/inject/inject.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace proa;
  if (size > 1 << 16) return 0;
  const mesh::InjectOptions options{.image = "proa:0"};
  const auto once = mesh::inject({reinterpret_cast<const char*>(data), size}, "input", options);
  if (!once || once->pods == 0) return 0;
  config::Problems problems;
  if (!config::read_yaml_documents(once->text, "output", problems)) std::abort();
  const auto twice = mesh::inject(once->text, "output", options);
  if (!twice || twice->pods != 0 || twice->text != once->text) std::abort();
  return 0;
}
