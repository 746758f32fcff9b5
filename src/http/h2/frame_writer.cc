#include "http/h2/frame_writer.h"

#include <cstring>

namespace proa::http::h2 {

/// A whole small frame: room for the payload is at the result.
char* FrameWriter::frame(size_t size, FrameType type, uint8_t flags, uint32_t stream) {
  char* at = buffer_.reserve(kFrameHeaderSize + size);
  write_frame_header(at, size, type, flags, stream);
  buffer_.commit(kFrameHeaderSize + size);
  appended_ += kFrameHeaderSize + size;
  ++frames_;
  return at + kFrameHeaderSize;
}

char* FrameWriter::control(size_t size, FrameType type, uint8_t flags, uint32_t stream) {
  ++control_frames_;
  return frame(size, type, flags, stream);
}

void FrameWriter::raw(std::string_view bytes) {
  buffer_.append(bytes);
  appended_ += bytes.size();
}

void FrameWriter::settings(std::span<const std::pair<Setting, uint32_t>> settings) {
  char* at = control(settings.size() * 6, FrameType::kSettings, 0, 0);
  for (auto [setting, value] : settings) {
    write_u16(at, static_cast<uint16_t>(setting));
    write_u32(at + 2, value);
    at += 6;
  }
}

void FrameWriter::settings_ack() { control(0, FrameType::kSettings, kFlagAck, 0); }

void FrameWriter::ping(uint64_t opaque, bool ack) {
  char* at = control(8, FrameType::kPing, ack ? kFlagAck : 0, 0);
  std::memcpy(at, &opaque, 8);
}

void FrameWriter::goaway(uint32_t last_stream, ErrorCode error, std::string_view debug) {
  char* at = control(8 + debug.size(), FrameType::kGoaway, 0, 0);
  write_u32(at, last_stream);
  write_u32(at + 4, static_cast<uint32_t>(error));
  if (!debug.empty()) std::memcpy(at + 8, debug.data(), debug.size());
}

void FrameWriter::rst_stream(uint32_t stream, ErrorCode error) {
  write_u32(control(4, FrameType::kRstStream, 0, stream), static_cast<uint32_t>(error));
}

void FrameWriter::window_update(uint32_t stream, uint32_t increment) {
  write_u32(control(4, FrameType::kWindowUpdate, 0, stream), increment);
}

void FrameWriter::data(uint32_t stream, std::string_view data, bool end) {
  uint8_t flags = end ? kFlagEndStream : 0;
  if (kFrameHeaderSize + data.size() <= 2048) [[likely]] {
    char* at = frame(data.size(), FrameType::kData, flags, stream);
    if (!data.empty()) std::memcpy(at, data.data(), data.size());
    return;
  }
  char header[kFrameHeaderSize];  // large: the buffer fills its blocks to the end
  write_frame_header(header, data.size(), FrameType::kData, flags, stream);
  buffer_.append({header, kFrameHeaderSize});
  buffer_.append(data);
  appended_ += kFrameHeaderSize + data.size();
  ++frames_;
}

void FrameWriter::data(uint32_t stream, Buffer& from, size_t size, bool end) {
  char header[kFrameHeaderSize];
  write_frame_header(header, size, FrameType::kData, end ? kFlagEndStream : 0, stream);
  buffer_.append({header, kFrameHeaderSize});
  appended_ += kFrameHeaderSize + size;
  ++frames_;
  while (size > 0) {
    std::string_view piece = from.front().substr(0, size);
    buffer_.append(piece);
    from.drain(piece.size());
    size -= piece.size();
  }
}

void FrameWriter::headers(uint32_t stream, std::string_view block, bool end) {
  FrameType type = FrameType::kHeaders;
  uint8_t flags = end ? kFlagEndStream : 0;
  do {
    std::string_view piece = block.substr(0, kMaxFrameSize);
    block.remove_prefix(piece.size());
    char header[kFrameHeaderSize];
    if (block.empty()) flags |= kFlagEndHeaders;
    write_frame_header(header, piece.size(), type, flags, stream);
    buffer_.append({header, kFrameHeaderSize});
    buffer_.append(piece);
    appended_ += kFrameHeaderSize + piece.size();
    ++frames_;
    type = FrameType::kContinuation;
    flags = 0;
  } while (!block.empty());
}

void FrameWriter::finish_headers(char* block, size_t size, uint32_t stream, bool end) {
  uint8_t flags = static_cast<uint8_t>(kFlagEndHeaders | (end ? kFlagEndStream : 0));
  write_frame_header(block - kFrameHeaderSize, size, FrameType::kHeaders, flags, stream);
  buffer_.commit(kFrameHeaderSize + size);
  appended_ += kFrameHeaderSize + size;
  ++frames_;
}

void FrameWriter::note_drained() {
  uint64_t before = appended_ - drained_seen_;
  uint64_t size = buffer_.size();
  drained_seen_ = drained();
  if (before == 0 || size == before) return;
  frames_ = static_cast<uint32_t>(frames_ * size / before);
  control_frames_ = static_cast<uint32_t>(control_frames_ * size / before);
}

}  // namespace proa::http::h2
