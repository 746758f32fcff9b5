// The part of an HTTP/2 connection that is the same for clients and servers: frames, settings, flow control,
// the scheduler, limits. ServerConnection and ClientConnection derive from it and add whose messages are whose.
//
// Not thread-safe. A public entry (receive, resume, output_drained, on_time, receive_end) is a turn: only
// within one are receivers called, and at its end bytes are moved from streams to the output.
//
//   connection: preface -> open -> draining (GOAWAY sent or received) -> finished
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/list.h"
#include "http/codec.h"
#include "http/h2/field_section.h"
#include "http/h2/flood_guard.h"
#include "http/h2/frame_parser.h"
#include "http/h2/frame_writer.h"
#include "http/h2/hpack_decoder.h"
#include "http/h2/hpack_encoder.h"
#include "http/h2/stream_state.h"
#include "http/h2/stream_table.h"

namespace proa::http::h2 {

class Connection {
 public:
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // What Codec asks for (http/codec.h).
  void receive(std::string_view bytes, MonoTime now);
  void resume(MonoTime now);
  bool has_stored_input() const { return !owed_.empty(); }
  void receive_end(bool failed, MonoTime now);
  Buffer& output() { return writer_.buffer(); }
  void output_drained(MonoTime now);
  bool finished() const { return dead_; }
  std::string_view error() const { return error_; }
  size_t active_streams() const { return streams_.size(); }
  MonoTime next_deadline() const;
  void on_time(MonoTime now);

  // What Stream asks for (http/stream.h).
  void send_data(StreamState& s, std::string_view data, bool end);
  void send_trailers(StreamState& s, const HeaderList& trailers);
  void reset(StreamState& s, ResetReason reason);
  void pause_reading(StreamState& s, bool paused);
  size_t buffered(const StreamState& s) const;

  static constexpr uint64_t kKeepalivePing = 0x6576696c612d6b70;
  /// How long a detached stream may wait for window without any progress (threats.md H13).
  static constexpr Milliseconds kLingerTimeout{30'000};

 protected:
  Connection(CodecOwner& owner, const Http2Options& options, bool server, MonoTime now);
  virtual ~Connection() = default;

  // --- What a role does ---
  /// A header block is whole. Decode it, whatever happens: the compression state must follow. `fault`: the
  /// frame itself was a stream error.
  virtual void on_header_block(uint32_t id, bool end, std::string_view block, std::string_view fault) = 0;
  /// Nothing was ever sent or received on this stream.
  virtual bool is_idle(uint32_t id) const = 0;
  virtual void on_goaway(uint32_t last_stream, ErrorCode error) = 0;
  virtual void on_peer_settings() {}
  virtual void on_ping_ack(uint64_t) {}
  /// Goes back to the role's pool.
  virtual void release(StreamState& s) = 0;
  virtual uint32_t last_peer_stream() const = 0;
  /// The error code of a stream that is given up by reset().
  virtual ErrorCode reset_code(const StreamState& s, ResetReason reason) const = 0;
  virtual void on_stream_closed() {}
  virtual MonoTime role_deadline() const { return MonoTime::max(); }
  virtual void role_on_time(MonoTime) {}

  // --- For the roles ---
  /// An entry from outside; nests. The outermost one ends with pump, limits, and waking the owner.
  class Turn {
   public:
    Turn(Connection& connection, MonoTime now) : connection_(connection) { connection_.begin_turn(now); }
    ~Turn() { connection_.end_turn(); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Connection& connection_;
  };

  /// False when the connection has failed because of it.
  bool decode(std::string_view block, FieldSection& section);
  void decode_and_drop(std::string_view block);
  void on_trailer_block(StreamState& s, bool end, std::string_view block, std::string_view fault);
  void add_stream(StreamState& s, uint32_t id);
  /// Counts and answers a peer's error on one stream; tells the receiver. `s` is null when there is no stream.
  void stream_error(uint32_t id, StreamState* s, ErrorCode code, std::string_view reason,
                    ResetReason told = ResetReason::kProtocolError);
  /// One more reset in the peer's budget; false when that ended the connection.
  bool count_premature_reset(CodecCounter counter, std::string_view reason);
  /// Connection error (RFC 9113 section 5.4.1).
  void fail(ErrorCode code, std::string_view reason);
  void flood(CodecCounter counter, std::string_view reason);
  /// No further bytes either way; receivers are told, with `details`.
  void die(ResetReason reason, std::string_view details);
  void close(StreamState& s, Ending ending);
  /// Opened by the owner of a client, without an id yet.
  void add_unsent(StreamState& s) {
    unsent_.push_back(s);
    ++unsent_count_;
  }
  void remove_unsent(StreamState& s) {
    static_cast<ListLink<OwedTag>&>(s).unlink();
    --unsent_count_;
  }
  /// Gives every stream object back; for the role's destructor. Receivers are not told.
  void release_all();
  /// The owner's message does not keep its content-length.
  void fail_own_message(StreamState& s);
  /// END_STREAM is in the output.
  void local_end(StreamState& s);
  void settle(StreamState& s);
  /// Closes the stream and tells its receiver.
  void end_with_reset(StreamState& s, Ending ending, ResetReason reason, std::string_view details);
  /// The same in the next turn; for calls that come from the owner.
  void owe_reset(StreamState& s, ResetReason reason, std::string_view details);
  void send_goaway(uint32_t last_stream, ErrorCode code, std::string_view debug);
  void deliver(StreamState& s, std::string_view data, bool end);
  void deliver_trailers(StreamState& s, HeaderList& trailers);
  /// HEADERS: encode(out) writes at most `bound` bytes and returns their end.
  template <class Encode>
  void write_head(uint32_t id, size_t bound, bool end, Encode encode);
  template <class Encode>
  void write_head(StreamState& s, size_t bound, bool end, Encode encode) {
    const uint64_t before = writer_.appended();
    write_head(s.id, bound, end, encode);
    s.meter.head_sent(writer_.appended() - before);
  }
  /// All but those that HTTP/2 has no place for (RFC 9113 section 8.2.2).
  char* encode_fields(char* out, const HeaderList& headers);
  /// Body waits in `queued`: it is sent as the windows allow.
  void mark_ready(StreamState& s);
  /// END_STREAM went out with the head.
  void ended_with_head(StreamState& s) {
    s.end_requested = true;
    local_end(s);
  }
  void wake() {
    if (!turn_depth_) owner_.wake();
  }
  const FieldLimits& field_limits() const { return limits_; }
  /// Of the header block at hand: its frames with their headers.
  size_t block_frames_size() const { return block_frames_size_; }
  void begin_turn(MonoTime now);
  void end_turn();

  CodecOwner& owner_;
  const Http2Options& options_;
  FloodGuard guard_;
  FrameWriter writer_;
  HpackEncoder encoder_;
  StreamTable streams_;
  RecentStreams recent_;
  MonoTime now_;
  uint32_t unsent_count_ = 0;
  uint32_t peer_max_streams_ = UINT32_MAX;  // unless its SETTINGS say otherwise
  bool peer_settings_seen_ = false;
  bool peer_allows_connect_ = false;
  bool settings_acknowledged_ = false;
  bool dead_ = false;

 private:
  // connection.cc
  void send_preface();
  bool take_preface(std::string_view& bytes);
  void on_frame(const Frame& frame);
  void note_partial_head();
  // connection_frames.cc
  void on_data(const Frame& frame);
  void on_headers(const Frame& frame);
  void on_continuation(const Frame& frame);
  void on_priority(const Frame& frame);
  void on_rst_stream(const Frame& frame);
  void on_settings(const Frame& frame);
  bool apply_setting(Setting setting, uint32_t value);
  void on_settings_ack();
  void on_ping(const Frame& frame);
  void on_goaway_frame(const Frame& frame);
  void on_window_update(const Frame& frame);
  void on_data_without_stream(const Frame& frame);
  bool accept_data(StreamState& s, size_t flow, size_t size, bool end);
  bool set_peer_window(uint32_t size);
  // connection_flow.cc
  void consumed(StreamState& s, size_t size);
  void consumed_on_connection(size_t size);
  void pump();
  bool send_chunk(StreamState& s);
  void account(StreamState& s, size_t size);
  void linger(StreamState& s);
  void notify_writable();
  void tell_owed();
  void deliver_stored(StreamState& s);
  bool body_fits(StreamState& s, size_t size, bool end);
  void hold_data(StreamState& s, std::string_view data, bool end);
  void note_watermark(StreamState& s);

  bool server_;
  FieldLimits limits_;
  HpackDecoder decoder_;
  FrameParser parser_;
  List<StreamState, ReadyTag> ready_;
  List<StreamState, BlockedTag> blocked_;
  List<StreamState, OwedTag> owed_;
  List<StreamState, OwedTag> unsent_;
  List<StreamState, OwedTag> graveyard_;            // closed; the owner may still be in a call on them
  mutable List<StreamState, LingerTag> lingering_;  // its front is only looked at in const functions
  std::string header_block_;                        // of HEADERS without END_HEADERS
  uint32_t header_stream_ = 0;                      // whose it is; 0: none
  uint32_t continuations_ = 0;
  size_t block_frames_size_ = 0;
  bool header_end_ = false;
  std::string_view header_fault_;
  size_t preface_taken_ = 0;
  unsigned turn_depth_ = 0;
  size_t output_limit_;  // no more DATA is put into an output above it
  int64_t send_window_ = kDefaultWindow;
  int64_t peer_initial_window_ = kDefaultWindow;
  int64_t receive_window_;
  int64_t consumed_ = 0;
  MonoTime head_deadline_ = MonoTime::max();
  MonoTime last_received_;
  MonoTime keepalive_sent_{};
  bool keepalive_outstanding_ = false;
  std::string_view error_;
};

template <class Encode>
void Connection::write_head(uint32_t id, size_t bound, bool end, Encode encode) {
  if (bound <= FrameWriter::kMaxInPlace) [[likely]] {
    char* block = writer_.begin_headers(bound);
    writer_.finish_headers(block, static_cast<size_t>(encode(block) - block), id, end);
    return;
  }
  std::string block(bound, '\0');
  block.resize(static_cast<size_t>(encode(block.data()) - block.data()));
  writer_.headers(id, block, end);
}

}  // namespace proa::http::h2
