// The body of a received message: by length, chunked, or until the connection ends.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "http/h1/head_parser.h"
#include "http/h1/head_scanner.h"

namespace proa::http::h1 {

//            digit          ';'             CR LF
//   kSize ----------> ... ------> kExtension ----> kData (size bytes) -> kDataEnd (CR LF) -> kSize
//                 \---- CR LF, size 0 ---> kTrailers (lines, empty line) -> done
//
/// Knows no connection: bytes in, slices of them out. The caller keeps what was not used and gives it again, at the
/// front of the next input.
class BodyDecoder {
 public:
  /// Chunk extensions are checked and dropped; more than this in a message is refused (threats S4).
  static constexpr uint32_t kMaxExtensionBytes = 4096;
  /// Chunks up to this size are gathered, so that a flood of tiny ones does not become a flood of events.
  static constexpr size_t kGatherBelow = 512;
  using Scratch = std::span<char, 4096>;

  struct Step {
    size_t used = 0;            ///< 0: more input is needed
    std::string_view data;      ///< of the input, or of the scratch space
    std::string_view trailers;  ///< with `done`: the section with its empty line, of the input; or empty
    bool done = false;
    Refusal refusal;
  };

  void start(BodyKind kind, uint64_t length, size_t max_trailer_bytes);
  /// Precondition: started and not done.
  Step decode(std::string_view input, Scratch scratch);
  BodyKind kind() const { return kind_; }
  /// kLength: bytes that have not come yet.
  uint64_t remaining() const { return remaining_; }

 private:
  enum class State : uint8_t {
    kSize,
    kExtension,
    kQuoted,
    kQuotedEscape,
    kSizeEnd,
    kData,
    kDataCr,
    kDataLf,
    kTrailers
  };
  Step decode_chunked(std::string_view input, Scratch scratch);
  Refusal size_line_byte(char c);
  Refusal end_of_size();
  bool decode_trailers(std::string_view input, Step& step);

  BodyKind kind_ = BodyKind::kNone;
  State state_ = State::kSize;
  uint8_t digits_ = 0;
  uint32_t extension_bytes_ = 0;
  uint64_t remaining_ = 0;  // of the body, or of the chunk
  size_t max_trailer_bytes_ = 0;
  HeadScanner scanner_;
};

}  // namespace proa::http::h1
