// What one exchange took of a connection's bytes, framing included.
#pragma once

#include <cstdint>

namespace proa::http {

/// HTTP/1: the message as it is on the wire. HTTP/2: its HEADERS, CONTINUATION and DATA frames with their headers, names
/// and values compressed. `head_...` are those of heads and trailers, and part of the others.
struct StreamBytes {
  uint64_t received = 0;
  uint64_t sent = 0;
  uint64_t head_received = 0;
  uint64_t head_sent = 0;
};

/// A stream's way to what is counted of it; nothing is when nobody asked.
class StreamMeter {
 public:
  void start(StreamBytes& bytes) { bytes_ = &bytes; }
  void stop() { bytes_ = nullptr; }
  void received(uint64_t size) {
    if (bytes_) bytes_->received += size;
  }
  void head_received(uint64_t size) {
    received(size);
    if (bytes_) bytes_->head_received += size;
  }
  void sent(uint64_t size) {
    if (bytes_) bytes_->sent += size;
  }
  void head_sent(uint64_t size) {
    sent(size);
    if (bytes_) bytes_->head_sent += size;
  }

 private:
  StreamBytes* bytes_ = nullptr;
};

}  // namespace proa::http
