#include "net/task.h"

namespace proa::net {

void* ArenaFrame::heap_allocate(size_t size) { return ::operator new(size); }
void ArenaFrame::heap_free(void* start) { ::operator delete(start); }

}  // namespace proa::net
