#include "base/buffer.h"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/free_blocks.h"

namespace proa {

namespace {
constexpr size_t kBlockSize = 16 * 1024;
thread_local FreeBlocks<kBlockSize, 64> free_blocks;  // 1 MiB at the most
}  // namespace

struct Buffer::Block {
  Block* next = nullptr;
  uint32_t begin = 0;
  uint32_t end = 0;
  char* data() { return reinterpret_cast<char*>(this + 1); }
  size_t room() const { return kBlockSize - sizeof(Block) - end; }
};

Buffer::Block* Buffer::push_block() {
  auto* block = new (free_blocks.take()) Block;
  (tail_ ? tail_->next : head_) = block;
  tail_ = block;
  return block;
}

void Buffer::append(std::string_view bytes) {
  size_ += bytes.size();
  while (!bytes.empty()) {
    Block* block = tail_ && tail_->room() ? tail_ : push_block();
    size_t n = std::min(bytes.size(), block->room());
    std::memcpy(block->data() + block->end, bytes.data(), n);
    block->end += static_cast<uint32_t>(n);
    bytes.remove_prefix(n);
  }
}

void Buffer::append(Buffer&& other) {
  if (other.empty()) return other.clear();
  if (tail_ && other.size_ <= tail_->room()) {  // small: copy, so that blocks stay full
    for (Block* b = other.head_; b; b = b->next) append({b->data() + b->begin, b->end - b->begin});
    return other.clear();
  }
  (tail_ ? tail_->next : head_) = other.head_;
  tail_ = other.tail_;
  size_ += other.size_;
  other.head_ = other.tail_ = nullptr;
  other.size_ = 0;
}

char* Buffer::reserve(size_t size) {
  assert(size <= kMaxReserve);
  Block* block = tail_ && tail_->room() >= size ? tail_ : push_block();
  return block->data() + block->end;
}

void Buffer::commit(size_t size) {
  tail_->end += static_cast<uint32_t>(size);
  size_ += size;
}

size_t Buffer::peek(std::span<iovec> out, size_t offset) const {
  size_t n = 0;
  for (Block* b = head_; b && n < out.size(); b = b->next) {
    const size_t size = b->end - b->begin;
    if (offset < size) out[n++] = {b->data() + b->begin + offset, size - offset};
    offset -= std::min(offset, size);
  }
  return n;
}

std::string_view Buffer::front() const {
  for (Block* b = head_; b; b = b->next) {
    if (b->begin != b->end) return {b->data() + b->begin, b->end - b->begin};
  }
  return {};
}

void Buffer::drain(size_t size) {
  assert(size <= size_);
  size_ -= size;
  while (head_) {
    size_t n = std::min<size_t>(size, head_->end - head_->begin);
    head_->begin += static_cast<uint32_t>(n);
    size -= n;
    if (head_->begin != head_->end) return;
    Block* next = head_->next;
    free_blocks.give(head_);
    head_ = next;
  }
  tail_ = nullptr;
}

void Buffer::clear() {
  while (head_) {
    Block* next = head_->next;
    free_blocks.give(head_);
    head_ = next;
  }
  tail_ = nullptr;
  size_ = 0;
}

void Buffer::take(Buffer& other) noexcept {
  head_ = other.head_;
  tail_ = other.tail_;
  size_ = other.size_;
  other.head_ = other.tail_ = nullptr;
  other.size_ = 0;
}

std::string Buffer::to_string() const {
  std::string all;
  all.reserve(size_);
  for (Block* b = head_; b; b = b->next) all.append(b->data() + b->begin, b->end - b->begin);
  return all;
}

}  // namespace proa
