// Cuts a byte stream into frames. A frame that is whole in the input is not copied; a partial one is kept.
#pragma once

#include <string>
#include <string_view>

#include "http/h2/frame.h"

namespace proa::http::h2 {

class FrameParser {
 public:
  enum class Result : uint8_t {
    kFrame,
    kNeedMore,  ///< all input was taken
    kTooLarge,  ///< a frame above kMaxFrameSize: `frame` has its header only
  };

  /// Takes the next frame off `input`. The payload is valid until the next call, and while `input`'s bytes are.
  Result next(std::string_view& input, Frame& frame);

  /// Bytes of an incomplete frame; at most kFrameHeaderSize + kMaxFrameSize.
  size_t stored() const { return partial_.size(); }
  /// The incomplete frame's header is known and is one of a header block.
  bool holds_partial_head() const;

 private:
  bool fill(std::string_view& input, size_t size);

  std::string partial_;
  bool taken_ = false;  // partial_ holds the frame that was returned last
};

}  // namespace proa::http::h2
