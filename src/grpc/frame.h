// gRPC message framing: a flag byte, four bytes of length, the message (PROTOCOL-HTTP2.md, Length-Prefixed-Message).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace proa::grpc {

inline constexpr size_t kFrameHeader = 5;
inline constexpr size_t kDefaultMaxMessage = 4 * 1024 * 1024;

/// Puts the five bytes for a message of `size` bytes at `out`. size < 4 GiB.
void write_frame_header(size_t size, bool compressed, char out[kFrameHeader]);
/// Appends a whole frame.
void append_frame(std::string_view message, bool compressed, std::string& out);

/// Cuts a body into messages, from pieces of any size. Holds at most one message, and that only while it is
/// incomplete; a message that lies whole in one piece is not copied.
class FrameReader {
 public:
  enum class State : uint8_t {
    kGood,
    kTooLarge,  ///< a message over the limit: RESOURCE_EXHAUSTED
    kBadFlag,   ///< a flag other than 0 and 1: INTERNAL
  };

  explicit FrameReader(size_t max_message = kDefaultMaxMessage) : max_message_(max_message) {}

  /// Calls f(std::string_view message, bool compressed) for each message that `bytes` completes; the slice is valid
  /// during the call. After anything but kGood the reader takes no more.
  template <class F>
  State push(std::string_view bytes, F f) {
    while (state_ == State::kGood && (!bytes.empty() || (have_ == kFrameHeader && size_ == 0))) {
      if (have_ < kFrameHeader) {
        bytes = take_header(bytes);
        continue;
      }
      std::string_view message;
      if (!take_body(bytes, message)) break;
      have_ = 0;
      f(message, compressed_);
      held_.clear();
      if (held_.capacity() > kKeep) held_.shrink_to_fit();
    }
    return state_;
  }
  State state() const { return state_; }
  /// No message is incomplete: the body may end here.
  bool at_boundary() const { return have_ == 0; }

 private:
  static constexpr size_t kKeep = 4096;
  std::string_view take_header(std::string_view bytes);
  bool take_body(std::string_view& bytes, std::string_view& message);

  size_t max_message_;
  std::string held_;  // the part of a message that has come
  uint32_t size_ = 0;
  uint8_t have_ = 0;  // bytes of the header
  bool compressed_ = false;
  State state_ = State::kGood;
};

}  // namespace proa::grpc
