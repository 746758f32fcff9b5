// Any text as a file of objects: each is decoded or refused, and a World of what is good indexes it.
#include <cstdint>
#include <cstdlib>

#include "mesh/model/decode.h"
#include "mesh/model/world.h"
#include "mesh/source/yaml_documents.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace proa::mesh;
  if (size > 1 << 16) return 0;
  proa::config::Problems problems;
  const auto documents = read_documents({reinterpret_cast<const char*>(data), size}, "input", problems);
  if (!documents && problems.ok()) std::abort();
  if (!documents) return 0;
  std::vector<AnyObject> objects;
  for (const Document& document : documents->good) {
    proa::config::Problems own;
    auto object = decode(document, own);
    if (object.has_value() != own.ok()) std::abort();
    if (object) objects.push_back(std::move(*object));
  }
  const auto world = World::empty()->with(std::move(objects));
  for (const auto& [ns, services] : world->services().by_namespace()) {
    for (const auto& service : *services) {
      for (const ServicePort& port : service->ports) world->services().endpoints(*service, port);
    }
  }
  return 0;
}
