// One HTTP/2 stream, as the connection core sees it; ServerStream and ClientStream are faces of it.
//
//   receiving: open --END_STREAM--> remote_ended --told to the receiver--> end_delivered
//   sending:   open --owner's end--> end_requested --END_STREAM in the output--> local_ended
//
// end_delivered and end_requested: the owner has forgotten the stream (stream.h), so it is `detached`; what is
// queued still goes out. local_ended and end_delivered: it is closed and its object is used again.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/list.h"
#include "http/h2/error_code.h"
#include "http/h2/frame.h"
#include "http/stream.h"

namespace proa::http::h2 {

struct ReadyTag;    // bytes to send, and window for them
struct BlockedTag;  // writable() is false
struct OwedTag;     // something to tell in the next turn: stored input, a reset; or closed, waiting for reuse
struct LingerTag;   // detached with bytes queued

struct StreamState : ListLink<ReadyTag>, ListLink<BlockedTag>, ListLink<OwedTag>, ListLink<LingerTag> {
  virtual ~StreamState() = default;

  uint32_t id = 0;                      ///< 0: not yet on the wire
  MessageReceiver* receiver = nullptr;  ///< null once detached
  Arena* arena = nullptr;               ///< of the received message; valid while there is a receiver
  StreamMeter meter;                    ///< stopped when detached
  size_t head_size = 0;                 ///< received before the meter was started

  int64_t send_window = 0;
  int64_t receive_window = 0;   ///< what the peer may still send
  int64_t consumed = 0;         ///< and not yet granted again
  int64_t body_to_come = -1;    ///< of the peer's content-length; -1: unknown
  int64_t body_to_send = -1;    ///< of our content-length; -1: unknown
  uint64_t last_in_output = 0;  ///< position in the output of the last byte of this stream's body
  size_t bytes_in_output = 0;   ///< of its body, since they were last all drained
  Buffer queued;                ///< body to send, waiting for window or room
  Buffer stored;                ///< body received while paused
  std::string queued_trailers;  ///< a header block to send behind `queued`
  HeaderList* stored_trailers = nullptr;
  MonoTime linger_until{};
  ErrorCode reset_after_flush = ErrorCode::kNoError;
  ResetReason untold_reset = ResetReason::kNone;  ///< with `has_untold_reset`
  std::string_view untold_details;
  uint16_t informational = 0;  ///< 1xx received

  bool head_received : 1 = false;
  bool remote_ended : 1 = false;
  bool end_delivered : 1 = false;
  bool head_held : 1 = false;  ///< until the peer's SETTINGS allow it; body waits in `queued`
  bool head_sent : 1 = false;
  bool end_requested : 1 = false;
  bool local_ended : 1 = false;
  bool detached : 1 = false;
  bool closed : 1 = false;
  bool paused : 1 = false;
  bool above_watermark : 1 = false;
  bool wants_reset_after_flush : 1 = false;
  bool has_untold_reset : 1 = false;
  bool is_head_request : 1 = false;
  bool is_connect : 1 = false;  ///< a tunnel once it is accepted
  bool is_upgrade : 1 = false;  ///< extended CONNECT
};

}  // namespace proa::http::h2
