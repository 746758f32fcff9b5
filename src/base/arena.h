// A bump allocator for everything that lives exactly as long as one exchange.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

namespace proa {

/// Not thread-safe: an arena belongs to one worker. Memory is returned to a per-thread free list when the
/// arena is reset or destroyed; destructors of objects made with make() run then, in reverse order.
class Arena {
 public:
  Arena() = default;
  ~Arena() { reset(); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* allocate(size_t size, size_t align = alignof(std::max_align_t)) {
    uintptr_t start = (reinterpret_cast<uintptr_t>(next_) + align - 1) & ~(align - 1);
    if (start + size <= reinterpret_cast<uintptr_t>(end_)) [[likely]] {
      next_ = reinterpret_cast<char*>(start + size);
      return reinterpret_cast<void*>(start);
    }
    return grow(size, align);
  }

  /// An object that is destroyed with the arena.
  template <class T, class... Args>
  T* make(Args&&... args) {
    T* object = new (allocate(sizeof(T), alignof(T))) T(std::forward<Args>(args)...);
    if constexpr (!std::is_trivially_destructible_v<T>) {
      auto* entry = static_cast<Destructor*>(allocate(sizeof(Destructor), alignof(Destructor)));
      *entry = {destructors_, object, [](void* p) { static_cast<T*>(p)->~T(); }};
      destructors_ = entry;
    }
    return object;
  }

  /// A copy of `text` that lives as long as the arena.
  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* to = static_cast<char*>(allocate(text.size(), 1));
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  /// One string of several pieces.
  template <class... Pieces>
  std::string_view concat(const Pieces&... pieces) {
    size_t size = (std::string_view(pieces).size() + ...);
    char* to = static_cast<char*>(allocate(size ? size : 1, 1));
    char* at = to;
    // Not memcpy: an empty piece may have no address.
    ((at = std::ranges::copy(std::string_view(pieces), at).out), ...);
    return {to, size};
  }

  /// Destroys all objects and gives the memory back.
  void reset();
  /// Bytes taken from the system, for memory accounting.
  size_t capacity() const { return capacity_; }

 private:
  struct Block {
    Block* previous;
    size_t size;
  };
  struct Destructor {
    Destructor* previous;
    void* object;
    void (*destroy)(void*);
  };
  void* grow(size_t size, size_t align);

  char* next_ = nullptr;
  char* end_ = nullptr;
  Block* blocks_ = nullptr;
  Destructor* destructors_ = nullptr;
  size_t capacity_ = 0;
};

}  // namespace proa
