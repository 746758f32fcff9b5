// One direction of a TCP relay: bytes from one transport to the other, with back-pressure and half-close.
#pragma once

#include <cstdint>

#include "base/buffer.h"
#include "net/transport.h"

namespace proa::proxy {

/// One worker thread. The owner forwards the transports' events: readable of the source and writable of the sink
/// both call pump().
class BytePipe {
 public:
  enum class State : uint8_t {
    kOpen,    ///< bytes may still come
    kEnded,   ///< the source has ended and the sink has been told
    kFailed,  ///< one of the two is broken
  };

  /// The sink may be null until it is connected: bytes wait, up to `limit`.
  BytePipe(net::Transport& source, size_t limit) : source_(source), limit_(limit) {}
  void set_sink(net::Transport& sink) { sink_ = &sink; }

  /// Moves what can be moved now. True when any byte was read or written.
  bool pump();
  /// More input is known to wait and was left for fairness: call pump() again in the next turn.
  bool unfinished() const { return unfinished_; }
  State state() const { return state_; }
  /// The sink is the side that failed.
  bool sink_failed() const { return sink_failed_; }
  uint64_t bytes() const { return bytes_; }  ///< read from the source
  uint64_t written() const { return written_; }
  size_t buffered() const { return waiting_.size(); }
  bool paused() const { return waiting_.size() >= limit_; }

 private:
  bool write_waiting();
  void write(std::string_view bytes);

  net::Transport& source_;
  net::Transport* sink_ = nullptr;
  size_t limit_;
  Buffer waiting_;
  uint64_t bytes_ = 0;
  uint64_t written_ = 0;
  State state_ = State::kOpen;
  bool source_ended_ = false;
  bool unfinished_ = false;
  bool sink_failed_ = false;
};

}  // namespace proa::proxy
