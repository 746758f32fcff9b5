// What a proxy's admin answers, read and compared.
#include <cstddef>
#include <cstdint>

#include "mesh/explain/held_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto held = proa::mesh::read_config_dump({reinterpret_cast<const char*>(data), size});
  if (!held) return 0;
  // Everything is known by name, so that each is read again as its message.
  proa::mesh::ResourceSet wanted;
  for (const auto& each : held->resources) {
    wanted.types[each.type][each.name] = proa::mesh::make_resource(each.name, "");
  }
  (void)proa::mesh::compare(*held, wanted);
  return 0;
}
