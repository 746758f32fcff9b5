// What a proxy's statistics page answers.
#include <cstddef>
#include <cstdint>

#include "mesh/traffic/calls.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (const auto calls = proa::mesh::read_calls({reinterpret_cast<const char*>(data), size})) {
    for (const auto& [call, count] : *calls) (void)count.best().percentile_ms(0.99);
  }
  return 0;
}
