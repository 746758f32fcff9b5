#include "base/arena.h"

#include <algorithm>
#include <cstdlib>

#include "base/free_blocks.h"

namespace proa {
namespace {

// Two blocks hold nearly every exchange; the free list keeps the hot ones in cache.
constexpr size_t kBlockSize = 4096;
thread_local FreeBlocks<kBlockSize, 64> free_blocks;

void* take(size_t size) {
  if (size == kBlockSize) return free_blocks.take();
  void* block = std::malloc(size);
  if (!block) throw std::bad_alloc();
  return block;
}

void give(void* block, size_t size) { size == kBlockSize ? free_blocks.give(block) : std::free(block); }

}  // namespace

void* Arena::grow(size_t size, size_t align) {
  size_t need = sizeof(Block) + size + align;
  size_t block_size = need <= kBlockSize ? kBlockSize : std::max(need, 2 * kBlockSize);
  auto* block = static_cast<Block*>(take(block_size));
  *block = {blocks_, block_size};
  blocks_ = block;
  capacity_ += block_size;
  next_ = reinterpret_cast<char*>(block + 1);
  end_ = reinterpret_cast<char*>(block) + block_size;
  return allocate(size, align);
}

void Arena::reset() {
  while (destructors_) {
    Destructor* entry = destructors_;
    destructors_ = entry->previous;  // read before the call: the entry lives in the arena too
    entry->destroy(entry->object);
  }
  while (blocks_) {
    Block* previous = blocks_->previous;
    give(blocks_, blocks_->size);
    blocks_ = previous;
  }
  next_ = end_ = nullptr;
  capacity_ = 0;
}

}  // namespace proa
