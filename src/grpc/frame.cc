#include "grpc/frame.h"

#include <algorithm>

namespace proa::grpc {

void write_frame_header(size_t size, bool compressed, char out[kFrameHeader]) {
  out[0] = compressed ? 1 : 0;
  for (int i = 0; i < 4; ++i) out[1 + i] = static_cast<char>(size >> (24 - 8 * i));
}

void append_frame(std::string_view message, bool compressed, std::string& out) {
  char header[kFrameHeader];
  write_frame_header(message.size(), compressed, header);
  out.append(header, kFrameHeader);
  out.append(message);
}

std::string_view FrameReader::take_header(std::string_view bytes) {
  while (have_ < kFrameHeader && !bytes.empty()) {
    auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    if (have_++ == 0) {
      if (byte > 1) {
        state_ = State::kBadFlag;
        return {};
      }
      compressed_ = byte == 1;
      size_ = 0;
    } else {
      size_ = size_ << 8 | byte;
    }
  }
  if (have_ == kFrameHeader && size_ > max_message_) state_ = State::kTooLarge;
  return bytes;
}

bool FrameReader::take_body(std::string_view& bytes, std::string_view& message) {
  size_t missing = size_ - held_.size();
  size_t now = std::min(missing, bytes.size());
  if (held_.empty() && now == missing) {
    message = bytes.substr(0, now);
    bytes.remove_prefix(now);
    return true;
  }
  // Grows with what has come, never with what a length field promises.
  held_.append(bytes.substr(0, now));
  bytes.remove_prefix(now);
  if (now < missing) return false;
  message = held_;
  return true;
}

}  // namespace proa::grpc
