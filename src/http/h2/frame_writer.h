// Appends frames to a connection's output, and counts them for the outbound caps.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "base/buffer.h"
#include "http/h2/error_code.h"
#include "http/h2/frame.h"

namespace proa::http::h2 {

/// Counts are of frames that wait in the buffer; after a partial write they are estimated from its size.
class FrameWriter {
 public:
  Buffer& buffer() { return buffer_; }
  const Buffer& buffer() const { return buffer_; }

  /// The client's connection preface.
  void raw(std::string_view bytes);
  void settings(std::span<const std::pair<Setting, uint32_t>> settings);
  void settings_ack();
  void ping(uint64_t opaque, bool ack);
  void goaway(uint32_t last_stream, ErrorCode error, std::string_view debug);
  void rst_stream(uint32_t stream, ErrorCode error);
  void window_update(uint32_t stream, uint32_t increment);
  /// One DATA frame; data.size() <= kMaxFrameSize.
  void data(uint32_t stream, std::string_view data, bool end);
  /// One DATA frame of the first `size` bytes of `from`, which are drained.
  void data(uint32_t stream, Buffer& from, size_t size, bool end);
  /// HEADERS and as many CONTINUATION frames as are needed.
  void headers(uint32_t stream, std::string_view block, bool end);

  /// For a header block that is encoded in place: room for a frame header and `bound` bytes, which is at most
  /// kMaxInPlace; the block starts at the result. finish_headers() takes its real size.
  static constexpr size_t kMaxInPlace = Buffer::kMaxReserve - kFrameHeaderSize;
  char* begin_headers(size_t bound) { return buffer_.reserve(kFrameHeaderSize + bound) + kFrameHeaderSize; }
  void finish_headers(char* block, size_t size, uint32_t stream, bool end);

  uint32_t frames() const { return frames_; }
  uint32_t control_frames() const { return control_frames_; }
  /// All bytes ever appended, and those written and drained by the owner.
  uint64_t appended() const { return appended_; }
  uint64_t drained() const { return appended_ - buffer_.size(); }
  /// The owner has drained some of the buffer.
  void note_drained();

 private:
  char* frame(size_t size, FrameType type, uint8_t flags, uint32_t stream);
  char* control(size_t size, FrameType type, uint8_t flags, uint32_t stream);

  Buffer buffer_;
  uint64_t appended_ = 0;
  uint64_t drained_seen_ = 0;  // when the counts were right
  uint32_t frames_ = 0;
  uint32_t control_frames_ = 0;
};

}  // namespace proa::http::h2
