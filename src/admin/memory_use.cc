#include "admin/memory_use.h"

#include <malloc.h>
#include <unistd.h>

#include <fstream>

namespace proa::admin {

MemoryUse memory_use() {
  MemoryUse use;
  struct mallinfo2 info = ::mallinfo2();
  use.allocated = info.uordblks + info.hblkhd;
  use.heap = info.arena + info.hblkhd;
  use.heap_free = info.fordblks;
  uint64_t total = 0, resident = 0;  // pages
  std::ifstream statm("/proc/self/statm");
  if (statm >> total >> resident) use.resident = resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  return use;
}

}  // namespace proa::admin
