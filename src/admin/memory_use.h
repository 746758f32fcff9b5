// How much memory the process has, as the allocator and the kernel tell.
#pragma once

#include <cstdint>

namespace proa::admin {

/// Bytes.
struct MemoryUse {
  uint64_t allocated = 0;  ///< in use by the program
  uint64_t heap = 0;       ///< taken from the system by the allocator
  uint64_t heap_free = 0;  ///< of it, free
  uint64_t resident = 0;   ///< of the whole process, in memory
};
MemoryUse memory_use();

}  // namespace proa::admin
