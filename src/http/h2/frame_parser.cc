#include "http/h2/frame_parser.h"

#include <algorithm>

namespace proa::http::h2 {

bool FrameParser::fill(std::string_view& input, size_t size) {
  if (partial_.size() >= size) return true;
  size_t n = std::min(size - partial_.size(), input.size());
  partial_.reserve(size);
  partial_.append(input.substr(0, n));
  input.remove_prefix(n);
  return partial_.size() == size;
}

bool FrameParser::holds_partial_head() const {
  if (taken_ || partial_.size() < kFrameHeaderSize) return false;
  FrameType type = read_frame_header(partial_.data()).type;
  return type == FrameType::kHeaders || type == FrameType::kContinuation;
}

FrameParser::Result FrameParser::next(std::string_view& input, Frame& frame) {
  if (taken_) {
    taken_ = false;
    std::string().swap(partial_);  // idle connections hold nothing
  }
  if (partial_.empty() && input.size() >= kFrameHeaderSize) [[likely]] {
    static_cast<FrameHeader&>(frame) = read_frame_header(input.data());
    if (frame.size > kMaxFrameSize) return Result::kTooLarge;
    size_t whole = kFrameHeaderSize + frame.size;
    if (input.size() >= whole) [[likely]] {
      frame.payload = input.substr(kFrameHeaderSize, frame.size);
      input.remove_prefix(whole);
      return Result::kFrame;
    }
  }
  if (input.empty() && partial_.empty()) return Result::kNeedMore;
  if (!fill(input, kFrameHeaderSize)) return Result::kNeedMore;
  static_cast<FrameHeader&>(frame) = read_frame_header(partial_.data());
  if (frame.size > kMaxFrameSize) return Result::kTooLarge;
  if (!fill(input, kFrameHeaderSize + frame.size)) return Result::kNeedMore;
  frame.payload = std::string_view(partial_).substr(kFrameHeaderSize);
  taken_ = true;
  return Result::kFrame;
}

}  // namespace proa::http::h2
