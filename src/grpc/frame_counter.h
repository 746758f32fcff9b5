// Counts the messages of a gRPC body as its bytes pass, without holding any of them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "grpc/frame.h"

namespace proa::grpc {

/// A message counts when its header is complete. A body that is no sequence of messages gives some number.
class FrameCounter {
 public:
  /// Returns how many messages `bytes` began.
  uint64_t push(std::string_view bytes) {
    uint64_t begun = 0;
    while (!bytes.empty()) {
      if (left_ > 0) {
        const size_t skipped = std::min<size_t>(left_, bytes.size());
        left_ -= static_cast<uint32_t>(skipped);
        bytes.remove_prefix(skipped);
        continue;
      }
      if (have_ > 0) size_ = size_ << 8 | static_cast<uint8_t>(bytes.front());
      bytes.remove_prefix(1);
      if (++have_ < kFrameHeader) continue;
      have_ = 0;
      left_ = size_;
      size_ = 0;
      ++begun;
    }
    count_ += begun;
    return begun;
  }
  uint64_t count() const { return count_; }

 private:
  uint64_t count_ = 0;
  uint32_t left_ = 0;  // bytes of the message under way
  uint32_t size_ = 0;  // its size, as far as it has come
  uint8_t have_ = 0;   // bytes of the header
};

}  // namespace proa::grpc
