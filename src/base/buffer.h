// A queue of bytes in pooled blocks: appended at the end, written from the front with one writev.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace proa {

/// Not thread-safe. Holds no memory while empty. Blocks come from a per-thread pool.
class Buffer {
 public:
  Buffer() = default;
  ~Buffer() { clear(); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Buffer(Buffer&& other) noexcept { take(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    if (this != &other) {
      clear();
      take(other);
    }
    return *this;
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  void append(std::string_view bytes);
  /// Moves all of `other` to the end of this one; no byte is copied.
  void append(Buffer&& other);
  /// At least `size` contiguous writable bytes; size <= kMaxReserve. commit() makes what was written count.
  char* reserve(size_t size);
  void commit(size_t size);

  /// Fills `out` with the blocks from byte `offset` on; returns how many were filled.
  size_t peek(std::span<iovec> out, size_t offset = 0) const;
  /// The contiguous bytes at the front (empty only when the buffer is empty).
  std::string_view front() const;
  /// Drops `size` bytes from the front; size <= this->size().
  void drain(size_t size);
  void clear();
  std::string to_string() const;

  static constexpr size_t kMaxReserve = 16 * 1024 - 64;

 private:
  struct Block;
  Block* push_block();
  void take(Buffer& other) noexcept;

  Block* head_ = nullptr;
  Block* tail_ = nullptr;
  size_t size_ = 0;
};

}  // namespace proa
