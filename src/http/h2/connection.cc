// A connection's life: construction, turns, deadlines, errors, and the end of streams.
#include "http/h2/connection.h"

#include <algorithm>

namespace proa::http::h2 {
namespace {

// More than this in the output does not make the kernel faster, and delays urgent frames.
constexpr size_t kOutputTarget = 128 * 1024;
constexpr size_t kHardLimitFactor = 4;

}  // namespace

Connection::Connection(CodecOwner& owner, const Http2Options& options, bool server, MonoTime now)
    : owner_(owner),
      options_(options),
      guard_(options),
      encoder_(options.hpack_encoder_table_size, options.huffman),
      now_(now),
      server_(server),
      limits_{options.max_head_bytes, options.max_headers, options.max_head_bytes * kHardLimitFactor},
      decoder_(options.hpack_table_size),
      output_limit_(std::min(options.high_watermark, kOutputTarget)),
      receive_window_(std::max<int64_t>(options.connection_window, kDefaultWindow)),
      last_received_(now) {
  send_preface();
  if (options.head_timeout != kNever) head_deadline_ = now + options.head_timeout;
}

void Connection::send_preface() {
  if (!server_) writer_.raw(kClientPreface);
  std::pair<Setting, uint32_t> settings[6];
  size_t n = 0;
  if (!server_) settings[n++] = {Setting::kEnablePush, 0};
  if (options_.hpack_table_size != kDefaultTableSize)
    settings[n++] = {Setting::kHeaderTableSize, options_.hpack_table_size};
  if (server_) settings[n++] = {Setting::kMaxConcurrentStreams, options_.max_concurrent_streams};
  settings[n++] = {Setting::kInitialWindowSize, options_.stream_window};
  settings[n++] = {Setting::kMaxHeaderListSize, static_cast<uint32_t>(options_.max_head_bytes)};
  if (server_ && options_.allow_connect) settings[n++] = {Setting::kEnableConnectProtocol, 1};
  writer_.settings({settings, n});
  if (receive_window_ > kDefaultWindow) {
    writer_.window_update(0, static_cast<uint32_t>(receive_window_ - kDefaultWindow));
  }
}

void Connection::begin_turn(MonoTime now) {
  now_ = now;
  if (turn_depth_++) return;
  while (StreamState* s = graveyard_.pop_front()) release(*s);
}

void Connection::end_turn() {
  if (turn_depth_ > 1) {
    --turn_depth_;
    return;
  }
  if (!dead_) {
    pump();
    notify_writable();
    if (writer_.control_frames() > options_.max_outbound_control_frames) {
      flood(CodecCounter::kOutboundControlFlood, "http2.outbound_control_flood");
    } else if (writer_.frames() > options_.max_outbound_frames) {
      flood(CodecCounter::kOutboundFlood, "http2.outbound_flood");
    }
  }
  --turn_depth_;
  while (StreamState* s = graveyard_.pop_front()) release(*s);
  if (!writer_.buffer().empty() || !owed_.empty() || dead_) owner_.wake();
}

void Connection::receive(std::string_view bytes, MonoTime now) {
  Turn turn(*this, now);
  if (dead_ || bytes.empty()) return;
  last_received_ = now;
  keepalive_outstanding_ = false;
  if (server_ && preface_taken_ < kClientPreface.size() && !take_preface(bytes)) return;
  Frame frame;
  while (!dead_) {
    FrameParser::Result result = parser_.next(bytes, frame);
    if (result == FrameParser::Result::kNeedMore) break;
    if (result == FrameParser::Result::kTooLarge) return fail(ErrorCode::kFrameSizeError, "http2.frame_too_large");
    on_frame(frame);
  }
  note_partial_head();
}

bool Connection::take_preface(std::string_view& bytes) {
  std::string_view expected = kClientPreface.substr(preface_taken_);
  size_t n = std::min(bytes.size(), expected.size());
  if (bytes.substr(0, n) != expected.substr(0, n)) {
    fail(ErrorCode::kProtocolError, "http2.bad_preface");
    return false;
  }
  preface_taken_ += n;
  bytes.remove_prefix(n);
  return preface_taken_ == kClientPreface.size();
}

/// A head that has begun must end in time: the preface with its SETTINGS, a HEADERS frame, a CONTINUATION.
void Connection::note_partial_head() {
  if (header_stream_ || !peer_settings_seen_ || parser_.holds_partial_head()) {
    if (head_deadline_ == MonoTime::max() && options_.head_timeout != kNever) {
      head_deadline_ = now_ + options_.head_timeout;
    }
  } else {
    head_deadline_ = MonoTime::max();
  }
}

void Connection::resume(MonoTime now) {
  Turn turn(*this, now);
  tell_owed();
}

void Connection::receive_end(bool failed, MonoTime now) {
  Turn turn(*this, now);
  if (dead_) return;
  die(ResetReason::kConnectionClosed, failed ? "http2.connection_failed" : "http2.connection_closed");
}

void Connection::output_drained(MonoTime now) {
  Turn turn(*this, now);
  writer_.note_drained();
}

MonoTime Connection::next_deadline() const {
  if (dead_) return MonoTime::max();
  MonoTime next = std::min(head_deadline_, role_deadline());
  if (!lingering_.empty()) next = std::min(next, lingering_.front().linger_until);
  if (options_.keepalive_interval != kNever) {
    next = std::min(next, keepalive_outstanding_ ? keepalive_sent_ + options_.keepalive_timeout
                                                 : last_received_ + options_.keepalive_interval);
  }
  return next;
}

void Connection::on_time(MonoTime now) {
  Turn turn(*this, now);
  if (dead_) return;
  if (now >= head_deadline_) {
    owner_.count(CodecCounter::kHeaderTimeout);
    return fail(ErrorCode::kEnhanceYourCalm, "http2.head_timeout");
  }
  while (!lingering_.empty() && now >= lingering_.front().linger_until) {
    StreamState& s = lingering_.front();
    owner_.count(CodecCounter::kTxReset);
    writer_.rst_stream(s.id, ErrorCode::kCancel);
    close(s, Ending::kResetByUs);
  }
  if (options_.keepalive_interval != kNever) {
    if (keepalive_outstanding_ && now >= keepalive_sent_ + options_.keepalive_timeout) {
      owner_.count(CodecCounter::kKeepaliveTimeout);
      return die(ResetReason::kConnectionClosed, "http2.keepalive_timeout");
    }
    if (!keepalive_outstanding_ && now >= last_received_ + options_.keepalive_interval) {
      keepalive_outstanding_ = true;
      keepalive_sent_ = now;
      writer_.ping(kKeepalivePing, false);
    }
  }
  role_on_time(now);
}

void Connection::fail(ErrorCode code, std::string_view reason) {
  if (dead_) return;
  owner_.count(CodecCounter::kRxMessagingError);
  send_goaway(last_peer_stream(), code, reason);
  die(ResetReason::kConnectionClosed, reason);
}

void Connection::flood(CodecCounter counter, std::string_view reason) {
  if (dead_) return;
  owner_.count(counter);
  fail(ErrorCode::kEnhanceYourCalm, reason);
}

void Connection::send_goaway(uint32_t last_stream, ErrorCode code, std::string_view debug) {
  owner_.count(CodecCounter::kGoawaySent);
  writer_.goaway(last_stream, code, debug);
}

void Connection::die(ResetReason reason, std::string_view details) {
  if (dead_) return;
  dead_ = true;
  error_ = details;
  while (StreamState* s = streams_.any()) end_with_reset(*s, Ending::kComplete, reason, details);
  while (StreamState* s = unsent_.pop_front()) end_with_reset(*s, Ending::kUnknown, reason, details);
  tell_owed();
}

void Connection::release_all() {
  while (StreamState* s = streams_.any()) {
    streams_.erase(s->id);
    release(*s);
  }
  for (auto* list : {&owed_, &unsent_, &graveyard_}) {
    while (StreamState* s = list->pop_front()) release(*s);
  }
}

bool Connection::count_premature_reset(CodecCounter counter, std::string_view reason) {
  if (guard_.premature_reset(now_)) return true;
  flood(counter, reason);
  return false;
}

void Connection::stream_error(uint32_t id, StreamState* s, ErrorCode code, std::string_view reason, ResetReason told) {
  if (dead_) return;
  owner_.count(CodecCounter::kRxMessagingError);
  owner_.count(CodecCounter::kTxReset);
  writer_.rst_stream(id, code);
  bool premature = !s || !s->local_ended;
  if (s) {
    end_with_reset(*s, Ending::kResetByUs, told, reason);
  } else {
    recent_.add(id, Ending::kResetByUs);
  }
  if (premature) count_premature_reset(CodecCounter::kMadeYouReset, "http2.made_you_reset");
}

void Connection::add_stream(StreamState& s, uint32_t id) {
  s.id = id;
  s.send_window = peer_initial_window_;
  s.receive_window = options_.stream_window;
  if (!settings_acknowledged_) s.receive_window = std::max(s.receive_window, kDefaultWindow);
  streams_.insert(id, s);
  guard_.stream_opened();
}

void Connection::end_with_reset(StreamState& s, Ending ending, ResetReason reason, std::string_view details) {
  MessageReceiver* receiver = s.detached ? nullptr : s.receiver;
  close(s, ending);
  if (receiver) receiver->on_reset(reason, details);
}

void Connection::owe_reset(StreamState& s, ResetReason reason, std::string_view details) {
  MessageReceiver* receiver = s.receiver;
  bool tell = !s.detached;
  close(s, Ending::kResetByUs);
  if (!tell) return;
  s.receiver = receiver;  // a server's may follow, when this happens within on_request()
  s.has_untold_reset = true;
  s.untold_reset = reason;
  s.untold_details = details;
  owed_.push_back(s);  // out of the graveyard until it is told
  wake();
}

/// Both directions are over; the object waits for the end of the turn.
void Connection::close(StreamState& s, Ending ending) {
  if (s.closed) return;
  s.closed = true;
  s.detached = true;
  s.meter.stop();
  s.receiver = nullptr;
  s.queued.clear();
  if (size_t left = s.stored.size()) {
    s.stored.clear();
    consumed_on_connection(left);
  }
  static_cast<ListLink<ReadyTag>&>(s).unlink();
  static_cast<ListLink<BlockedTag>&>(s).unlink();
  static_cast<ListLink<LingerTag>&>(s).unlink();
  if (s.id) {
    streams_.erase(s.id);
    recent_.add(s.id, ending);
  } else if (!s.head_sent) {
    --unsent_count_;
  }
  graveyard_.push_back(s);
  on_stream_closed();
}

/// Looks whether the owner has forgotten the stream, and whether it is closed.
void Connection::settle(StreamState& s) {
  if (s.closed || !s.end_delivered || !s.end_requested) return;
  s.detached = true;
  s.meter.stop();
  s.receiver = nullptr;
  if (s.local_ended) {
    close(s, Ending::kComplete);
  } else if (!static_cast<ListLink<LingerTag>&>(s).linked()) {
    linger(s);
  }
}

void Connection::on_frame(const Frame& frame) {
  if (header_stream_ && (frame.type != FrameType::kContinuation || frame.stream != header_stream_)) {
    return fail(ErrorCode::kProtocolError, "http2.continuation_expected");
  }
  if (!peer_settings_seen_ && (frame.type != FrameType::kSettings || frame.has(kFlagAck))) {
    return fail(ErrorCode::kProtocolError, "http2.settings_expected");
  }
  switch (frame.type) {
    case FrameType::kData: return on_data(frame);
    case FrameType::kHeaders: return on_headers(frame);
    case FrameType::kPriority: return on_priority(frame);
    case FrameType::kRstStream: return on_rst_stream(frame);
    case FrameType::kSettings: return on_settings(frame);
    // A client may not send it, and as a client we have switched it off (RFC 9113 section 8.4).
    case FrameType::kPushPromise: return fail(ErrorCode::kProtocolError, "http2.push_promise");
    case FrameType::kPing: return on_ping(frame);
    case FrameType::kGoaway: return on_goaway_frame(frame);
    case FrameType::kWindowUpdate: return on_window_update(frame);
    case FrameType::kContinuation: return on_continuation(frame);
  }
  if (!guard_.glitch(now_)) flood(CodecCounter::kInboundUnknownFramesFlood, "http2.unknown_frames_flood");
}

}  // namespace proa::http::h2
