// Stream objects are used again: no allocation per stream once a thread is warm.
#pragma once

#include <memory>
#include <vector>

namespace proa::http::h2 {

/// Per thread, so that idle connections hold no streams. T is default-constructed anew for each use.
template <class T>
class StreamPool {
 public:
  template <class... Args>
  static T* take(Args&&... args) {
    auto& free = free_blocks();
    void* block = nullptr;
    if (!free.blocks.empty()) {
      block = free.blocks.back();
      free.blocks.pop_back();
    } else {
      block = ::operator new(sizeof(T));
    }
    return new (block) T(std::forward<Args>(args)...);
  }
  static void give(T* object) {
    object->~T();
    auto& free = free_blocks();
    if (free.blocks.size() < kMaxFree) return free.blocks.push_back(object);
    ::operator delete(object);
  }

 private:
  static constexpr size_t kMaxFree = 256;
  struct Free {
    std::vector<void*> blocks;
    ~Free() {
      for (void* block : blocks) ::operator delete(block);
    }
  };
  static Free& free_blocks() {
    static thread_local Free free;
    return free;
  }
};

}  // namespace proa::http::h2
