// For fuzz targets: reads what a connection writes, and aborts when a strict peer would complain.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <source_location>
#include <string>
#include <string_view>

#include "http/h2/frame_parser.h"
#include "http/h2/hpack_decoder.h"

namespace proa::http::h2::test {

inline void require(bool condition, std::source_location where = std::source_location::current()) {
  if (condition) return;
  std::fprintf(stderr, "%s:%u: not as required\n", where.file_name(), where.line());
  std::abort();
}

/// A program for a fuzz target: bytes taken from the front of the input.
class FuzzInput {
 public:
  FuzzInput(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}
  bool empty() const { return rest_.empty(); }
  uint8_t byte() {
    if (rest_.empty()) return 0;
    auto value = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::string_view text(size_t size) {
    std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view rest_;
};

class FrameWitness {
 public:
  explicit FrameWitness(bool of_client) : preface_left_(of_client ? kClientPreface.size() : 0) {}

  /// What the peer of the witnessed connection allows it to send.
  void grant(uint32_t stream, int64_t size) { (stream ? stream_extra_[stream] : connection_) += size; }
  void set_initial_window(int64_t size) {
    if (size > initial_) initial_ = size;
  }

  void read(std::string_view bytes) {
    size_t skipped = std::min(preface_left_, bytes.size());
    preface_left_ -= skipped;
    bytes.remove_prefix(skipped);
    Frame frame;
    for (;;) {
      auto result = parser_.next(bytes, frame);
      require(result != FrameParser::Result::kTooLarge);
      if (result == FrameParser::Result::kNeedMore) return;
      on_frame(frame);
    }
  }

 private:
  struct Stream {
    bool ended = false;
    bool reset = false;
    int64_t sent = 0;
  };

  void on_frame(const Frame& frame) {
    require(!after_error_);
    require(!continued_ || (frame.type == FrameType::kContinuation && frame.stream == continued_));
    switch (frame.type) {
      case FrameType::kHeaders:
        block_.assign(frame.payload);
        open_for_writing(frame.stream).ended = frame.has(kFlagEndStream);
        return on_block(frame);
      case FrameType::kContinuation:
        require(continued_ != 0);
        block_.append(frame.payload);
        return on_block(frame);
      case FrameType::kData: {
        Stream& stream = open_for_writing(frame.stream);
        stream.ended = frame.has(kFlagEndStream);
        stream.sent += frame.size;
        connection_ -= frame.size;
        require(connection_ >= 0);
        require(stream.sent <= initial_ + stream_extra_[frame.stream]);
        return;
      }
      case FrameType::kRstStream:
        require(frame.size == 4 && frame.stream && !streams_[frame.stream].reset);
        streams_[frame.stream].reset = true;
        return;
      case FrameType::kWindowUpdate:
        require(frame.size == 4 && read_u32(frame.payload.data()) - 1 < kMaxStreamId);
        require(!frame.stream || !streams_[frame.stream].reset);
        return;
      case FrameType::kSettings: return require(frame.size % 6 == 0 && !frame.stream);
      case FrameType::kPing: return require(frame.size == 8 && !frame.stream);
      case FrameType::kGoaway:
        require(frame.size >= 8 && !frame.stream);
        after_error_ = read_u32(frame.payload.data() + 4) != 0;
        return;
      default: std::abort();
    }
  }

  void on_block(const Frame& frame) {
    continued_ = frame.has(kFlagEndHeaders) ? 0 : frame.stream;
    if (continued_) return;
    Arena arena;
    HeaderList fields(arena);
    FieldLimits limits{1 << 24, 1 << 20, 1 << 24};
    FieldSection section(&fields, limits, UnderscoreAction::kAllow);
    require(decoder_.decode(block_, section) == HpackStatus::kOk);
    require(section.malformed().empty());
  }

  Stream& open_for_writing(uint32_t id) {
    require(id % 2 == 1);
    Stream& stream = streams_[id];
    require(!stream.ended && !stream.reset);
    return stream;
  }

  size_t preface_left_;
  bool after_error_ = false;
  uint32_t continued_ = 0;
  int64_t connection_ = kDefaultWindow;
  int64_t initial_ = kDefaultWindow;
  std::map<uint32_t, int64_t> stream_extra_;
  std::map<uint32_t, Stream> streams_;
  std::string block_;
  FrameParser parser_;
  HpackDecoder decoder_{kDefaultTableSize};
};

}  // namespace proa::http::h2::test
