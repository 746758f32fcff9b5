// A thread's list of blocks that were given back, so that the next ones are warm in the cache.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

namespace proa {

/// Blocks of `size` bytes, at least a pointer; at most `most` are kept. Make one for each thread (thread_local): blocks
/// may be given back on another thread than they were taken on.
template <size_t size, size_t most>
class FreeBlocks {
 public:
  ~FreeBlocks() {
    while (head_) std::free(pop());
  }

  /// Throws std::bad_alloc.
  void* take() {
    if (head_) return pop();
    void* block = std::malloc(size);
    if (!block) throw std::bad_alloc();
    return block;
  }

  void give(void* block) {
    if (count_ >= most) return std::free(block);
    *static_cast<void**>(block) = head_;
    head_ = block;
    ++count_;
  }

 private:
  void* pop() {
    void* block = head_;
    head_ = *static_cast<void**>(block);
    --count_;
    return block;
  }

  void* head_ = nullptr;
  size_t count_ = 0;
};

}  // namespace proa
