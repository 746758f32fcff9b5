// Drives a codec over a transport: reads, writes, deadlines and the end, the same for both sides of the proxy.
//
//   on_readable ----> read into the thread's scratch buffer -> codec.receive       (while codec.wants_input)
//   codec.wake() ---> end of turn: resume stored input -> go on reading -> one writev -> output_drained
//   timer ----------> codec.on_time
//
//   kWaiting --start()--> kOpen --finished, output written--> [kLingering] --> kClosed --> on_closed()
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/clock.h"
#include "http/codec.h"
#include "net/loop.h"
#include "net/timer.h"
#include "net/transport.h"

namespace proa::http {

/// The buffer into which everything on this thread is read: 64 KiB, valid until the thread reads again. So nobody
/// may read from a transport inside Codec::receive() or MessageReceiver::on_data().
std::span<char> read_scratch();

/// Base of a connection that speaks HTTP. Everything on the transport's loop. It holds no buffer of its own: an
/// idle connection is this object, the transport and the codec.
///
/// Lifetime: after on_closed() nothing more is called; the derived class hands itself to Loop::defer_delete there.
/// It must not be destroyed inside one of its own callbacks or one of its codec's.
class CodecPump : public net::TransportObserver, public net::EndOfTurn, public CodecOwner {
 public:
  enum class Role : uint8_t { kServer, kClient };

  CodecPump(const CodecPump&) = delete;
  CodecPump& operator=(const CodecPump&) = delete;

  net::Transport& transport() { return *transport_; }
  const net::Transport& transport() const { return *transport_; }
  net::Loop& loop() { return transport_->loop(); }
  /// Null before start().
  Codec* codec() { return codec_.get(); }
  bool closed() const { return state_ == State::kClosed; }

  /// Ends the connection at the end of this turn; streams under way see on_reset(kConnectionClosed). May be called
  /// at any time, more than once. `reset`: drop unsent bytes and send RST.
  void abort(bool reset = false);
  /// Codec::shut_down(): finish what is under way, then close. Closes at once when there is no codec yet.
  void shut_down();

  void wake() final { loop().end_of_turn(*this); }

 protected:
  /// Observes `transport` from now on. `linger`: how long a server, having sent its last byte, goes on reading and
  /// dropping what the client still sends, so that a RST does not destroy the answer; 0: close at once.
  CodecPump(std::unique_ptr<net::Transport> transport, Role role, Milliseconds linger = Milliseconds(0));
  ~CodecPump() override;

  /// Makes bytes flow. `try_read`: bytes may have arrived before this object observed the transport.
  void start(std::unique_ptr<Codec> codec, bool try_read);

  /// Something has moved (bytes, streams, the codec's state): called at the end of each turn in which the codec
  /// was driven, before it closes and never after on_closed(). May call abort() and shut_down().
  virtual void on_progress() {}
  /// The transport is closed and no stream is left.
  virtual void on_closed() = 0;

  uint64_t bytes_read() const { return bytes_read_; }
  uint64_t bytes_written() const { return bytes_written_; }
  /// The peer has finished sending, or is gone.
  bool input_ended() const { return input_ended_; }

  // TransportObserver; on_connected and on_connect_failed are the derived class's.
  void on_readable() final;
  void on_writable() final;
  void on_hangup() final;

 private:
  enum class State : uint8_t { kWaiting, kOpen, kLingering, kClosed };
  void run() final;
  void read_some();
  void end_input(bool failed);
  void flush();
  void write_failed();
  void on_timer();
  void arm();
  void finish();
  void linger_on();
  void drop_input();
  void close_now();

  std::unique_ptr<net::Transport> transport_;
  std::unique_ptr<Codec> codec_;
  net::Timer timer_;
  uint64_t bytes_read_ = 0;
  uint64_t bytes_written_ = 0;
  MonoTime armed_for_;
  Milliseconds linger_;
  uint32_t dropped_ = 0;  // bytes dropped while lingering
  Role role_;
  State state_ = State::kWaiting;
  bool unread_ = false;       // bytes (or an end) wait in the transport, and no event will tell
  bool blocked_ = false;      // the transport takes no more bytes: on_writable() follows
  bool input_ended_ = false;  // receive_end() was called
  bool output_dead_ = false;  // a write failed: the peer hears nothing any more
  bool all_sent_ = false;     // lingering: nothing is held back in the transport any more
  bool output_shut_ = false;  // shutdown_write() was called for a codec that goes on reading
  bool hung_up_ = false;
  bool abort_ = false;
  bool abort_reset_ = false;
};

}  // namespace proa::http
