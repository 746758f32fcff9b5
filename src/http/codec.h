// A connection as a sans-IO state machine: bytes in, events out, bytes out. It owns no socket and no clock.
//
// The owner (proxy/connection, upstream/connection, or a test) does, on one thread:
//   readable:     codec.receive(bytes, now)             while codec.wants_input()
//   end of input: codec.receive_end(now)
//   wake():       schedules itself for the end of the turn, and there: resume(now) when has_stored_input(),
//                 writes output() with one writev, drains what was written, calls output_drained(),
//                 closes once finished() and the output is empty
//   timer:        at next_deadline(), calls on_time(now)
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/clock.h"
#include "http/header_case.h"
#include "http/stream.h"

namespace proa::http {

/// Anomalies and protocol events that are counted, each once per occurrence. The comment is the name under
/// http1. / http2. in statistics (Envoy's where Envoy has it).
enum class CodecCounter : uint8_t {
  kBadRequest,                      ///< malformed message refused (with a reason code)
  kHeadersTooLarge,                 ///< header_overflow
  kHeadersWithUnderscoresDropped,   ///< dropped_headers_with_underscores
  kHeadersWithUnderscoresRejected,  ///< requests_rejected_with_underscores_in_headers
  kHeaderTimeout,                   ///< the head did not arrive in time
  kTxReset,
  kRxReset,
  kGoawaySent,
  kRxMessagingError,
  kTrailers,
  kKeepaliveTimeout,
  kStreamsOverLimit /* refused above max concurrent */,
  kInboundEmptyFramesFlood,
  kInboundPriorityFramesFlood,
  kInboundWindowUpdateFramesFlood,
  kInboundPingFlood,
  kInboundSettingsFlood,
  kInboundUnknownFramesFlood,
  kOutboundFlood,
  kOutboundControlFlood,
  kContinuationFlood,
  kRapidReset,
  kMadeYouReset,
  kHpackBomb,
  kTinyFramesFlood,
  kEarlyDataOnConnect,
  kCount
};
std::string_view to_string(CodecCounter counter);

enum class UnderscoreAction : uint8_t { kAllow, kRejectRequest, kDropHeader };

/// What both codecs limit. Sizes in bytes.
struct CommonCodecOptions {
  size_t max_head_bytes = 60 * 1024;  ///< names + values + target of one head, trailers separately; 431 above
  uint32_t max_headers = 100;         ///< fields of one head; 431 above
  Milliseconds head_timeout{10'000};  ///< from a head's first byte to its last; kNever: off
  UnderscoreAction underscores = UnderscoreAction::kRejectRequest;
  /// Per stream: writable() turns false above; true again under half of it.
  size_t high_watermark = 64 * 1024;
};

struct Http1Options : CommonCodecOptions {
  bool accept_http_10 = false;  ///< else 426
  std::string default_host_for_http_10;
  bool allow_absolute_url = true;
  bool enable_trailers = false;      ///< false: received trailers are checked and dropped
  bool proper_case_headers = false;  ///< "Content-Type" when writing
  /// Names of received heads go on in their spelling, whatever the other side's options are.
  PreserveCase preserve_case = PreserveCase::kNo;
  bool allow_custom_methods = true;
  size_t max_drain_bytes = 64 * 1024;  ///< rest of a request body read and dropped after an early response
  std::vector<std::string> upgrades;   ///< accepted Upgrade tokens, lower case; others are removed
};

struct Http2Options : CommonCodecOptions {
  uint32_t max_concurrent_streams = 1024;
  uint32_t stream_window = 256 * 1024;  ///< what we grant the peer
  uint32_t connection_window = 1024 * 1024;
  uint32_t hpack_table_size = 4096;       ///< our decoder's table
  uint32_t hpack_encoder_table_size = 0;  ///< our encoder's; 0 on local hops (literals only)
  bool huffman = false;                   ///< our encoder's
  bool allow_connect = false;             ///< RFC 8441 extended CONNECT
  uint32_t max_outbound_frames = 10'000;
  uint32_t max_outbound_control_frames = 1'000;
  uint32_t max_consecutive_empty_frames = 1;
  uint32_t max_priority_frames_per_stream = 100;
  uint32_t max_window_updates_per_data_frame = 10;
  uint32_t max_continuation_frames = 16;
  uint32_t max_premature_resets = 500;  ///< resets by either side before the response ended, see rapid reset
  Milliseconds premature_reset_window{1'000};
  Milliseconds keepalive_interval = kNever;  ///< idle time before a PING
  Milliseconds keepalive_timeout{20'000};
};

class CodecOwner {
 public:
  virtual ~CodecOwner() = default;
  /// There is something to do at the end of this turn: output, stored input, or finished(). Idempotent; may be
  /// called at any time, also from within receive().
  virtual void wake() = 0;
  virtual void count(CodecCounter counter) = 0;
};

class Codec {
 public:
  virtual ~Codec() = default;
  /// Takes all of `bytes`; keeps what it cannot use yet, which is bounded as long as the owner respects
  /// wants_input(). Never fails: a connection error makes the codec write its farewell and be finished().
  virtual void receive(std::string_view bytes, MonoTime now) = 0;
  /// Goes on with input stored while a stream was paused or a pipelined request waited.
  virtual void resume(MonoTime now) = 0;
  virtual bool has_stored_input() const = 0;  ///< that could be gone on with now
  /// The peer has closed its sending side (or the transport failed: `failed`).
  virtual void receive_end(bool failed, MonoTime now) = 0;
  virtual bool wants_input() const = 0;
  virtual Buffer& output() = 0;
  /// The owner has written and drained some of output(); may call on_writable().
  virtual void output_drained(MonoTime now) = 0;
  /// Nothing more will be read or written: close once output() is empty.
  virtual bool finished() const = 0;
  /// We have sent all we ever will, but still read (a tunnel of which our side has ended): once output() is empty,
  /// shut down the sending side of the transport.
  virtual bool output_ended() const { return false; }
  /// Why, as a static reason code ("http1.bad_chunk_size", "http2.rapid_reset"), empty when in good order.
  virtual std::string_view error() const = 0;
  virtual size_t active_streams() const = 0;
  /// Graceful: HTTP/2 GOAWAY (twice, with a PING between), HTTP/1 "connection: close"; finished() when the
  /// streams under way have ended. Idempotent.
  virtual void shut_down(MonoTime now) = 0;
  /// When on_time() must be called, or MonoTime::max().
  virtual MonoTime next_deadline() const = 0;
  virtual void on_time(MonoTime now) = 0;
  virtual Version version() const = 0;
};

/// Server side: made with a ServerHandler.
class ServerCodec : public Codec {};

/// Client side. One stream at a time in HTTP/1, up to the peer's limit in HTTP/2.
class ClientCodec : public Codec {
 public:
  /// A new exchange; precondition: can_open(). Response head and trailers are made in `arena`, which, like the
  /// receiver, outlives the stream. Nothing is sent before send_request().
  virtual ClientStream& open(ResponseReceiver& receiver, Arena& arena) = 0;
  /// More streams that could be opened now. 0 when closing, after GOAWAY, or (HTTP/1) when busy.
  virtual uint32_t can_open() const = 0;
  /// Whether the peer has said how many exchanges it takes at once. Until then can_open() is at most 1.
  virtual bool settled() const { return true; }
  /// False once the connection must not be kept for another request.
  virtual bool reusable() const = 0;
};

}  // namespace proa::http
