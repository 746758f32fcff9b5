// What each received frame does (RFC 9113 section 6).
#include <algorithm>

#include "http/h2/connection.h"

namespace proa::http::h2 {
namespace {

/// Takes the padding off a payload; false when it is longer than the payload (RFC 9113 section 6.1).
bool strip_padding(const Frame& frame, std::string_view& payload) {
  if (!frame.has(kFlagPadded)) return true;
  if (payload.empty()) return false;
  size_t padding = static_cast<uint8_t>(payload[0]);
  payload.remove_prefix(1);
  if (padding > payload.size()) return false;
  payload.remove_suffix(padding);
  return true;
}

}  // namespace

bool Connection::accept_data(StreamState& s, size_t flow, size_t size, bool end) {
  if (s.remote_ended) {
    stream_error(s.id, &s, ErrorCode::kStreamClosed, "http2.data_after_end_stream");
  } else if (!s.head_received) {
    stream_error(s.id, &s, ErrorCode::kProtocolError, "http2.data_before_headers");
  } else if (static_cast<int64_t>(flow) > s.receive_window) {
    stream_error(s.id, &s, ErrorCode::kFlowControlError, "http2.stream_window_exceeded");
  } else if (s.body_to_come >= 0 && static_cast<int64_t>(size) > s.body_to_come) {
    stream_error(s.id, &s, ErrorCode::kProtocolError, "http2.body_longer_than_content_length");
  } else if (end && s.body_to_come > static_cast<int64_t>(size)) {
    stream_error(s.id, &s, ErrorCode::kProtocolError, "http2.body_shorter_than_content_length");
  } else {
    return true;
  }
  return false;
}

void Connection::on_data(const Frame& frame) {
  if (frame.stream == 0) return fail(ErrorCode::kProtocolError, "http2.data_on_stream_0");
  std::string_view data = frame.payload;
  if (!strip_padding(frame, data)) return fail(ErrorCode::kProtocolError, "http2.bad_padding");
  bool end = frame.has(kFlagEndStream);
  size_t flow = frame.payload.size();  // padding counts (RFC 9113 section 6.9.1)
  if (!guard_.frame(data.empty() && !end)) {
    return flood(CodecCounter::kInboundEmptyFramesFlood, "http2.empty_frames_flood");
  }
  bool tiny = !end && (data.size() <= FloodGuard::kTinySize || data.size() * 2 < flow);
  if (tiny && !guard_.tiny_data(now_)) return flood(CodecCounter::kTinyFramesFlood, "http2.tiny_frames_flood");
  if (static_cast<int64_t>(flow) > receive_window_) {
    return fail(ErrorCode::kFlowControlError, "http2.connection_window_exceeded");
  }
  receive_window_ -= static_cast<int64_t>(flow);

  StreamState* s = streams_.find(frame.stream);
  if (!s) return on_data_without_stream(frame);
  if (!accept_data(*s, flow, data.size(), end)) return consumed_on_connection(flow);
  guard_.data_received();
  s->meter.received(kFrameHeaderSize + flow);
  s->receive_window -= static_cast<int64_t>(flow);
  if (s->body_to_come >= 0) s->body_to_come -= static_cast<int64_t>(data.size());
  if (end) s->remote_ended = true;
  if (size_t padding = flow - data.size()) consumed(*s, padding);
  if (!data.empty() || end) deliver(*s, data, end);
}

void Connection::on_data_without_stream(const Frame& frame) {
  if (is_idle(frame.stream)) return fail(ErrorCode::kProtocolError, "http2.data_on_idle_stream");
  consumed_on_connection(frame.payload.size());
  Ending ending = recent_.find(frame.stream);
  if (ending == Ending::kComplete || ending == Ending::kResetByPeer) {
    return stream_error(frame.stream, nullptr, ErrorCode::kStreamClosed, "http2.data_on_closed_stream");
  }
  // Under way when we reset the stream, or too long ago to tell. One window of them is the peer's right.
  if (!guard_.tiny_data(now_)) flood(CodecCounter::kTinyFramesFlood, "http2.closed_stream_flood");
}

void Connection::on_headers(const Frame& frame) {
  if (frame.stream == 0) return fail(ErrorCode::kProtocolError, "http2.headers_on_stream_0");
  std::string_view block = frame.payload;
  if (!strip_padding(frame, block)) return fail(ErrorCode::kProtocolError, "http2.bad_padding");
  std::string_view fault;
  if (frame.has(kFlagPriority)) {
    if (block.size() < 5) return fail(ErrorCode::kFrameSizeError, "http2.headers_too_short");
    if ((read_u32(block.data()) & kMaxStreamId) == frame.stream) fault = "http2.depends_on_itself";
    block.remove_prefix(5);
  }
  block_frames_size_ = kFrameHeaderSize + frame.payload.size();
  bool end = frame.has(kFlagEndStream);
  bool whole = frame.has(kFlagEndHeaders);
  if (!guard_.frame(block.empty() && !whole)) {
    return flood(CodecCounter::kInboundEmptyFramesFlood, "http2.empty_frames_flood");
  }
  if (whole) [[likely]]
    return on_header_block(frame.stream, end, block, fault);
  header_stream_ = frame.stream;
  header_end_ = end;
  header_fault_ = fault;
  header_block_.assign(block);
  continuations_ = 0;
}

void Connection::on_continuation(const Frame& frame) {
  if (!header_stream_) return fail(ErrorCode::kProtocolError, "http2.unexpected_continuation");
  bool whole = frame.has(kFlagEndHeaders);
  // Nothing is decoded before the block is whole: a flood costs no HPACK work.
  if (++continuations_ > options_.max_continuation_frames ||
      header_block_.size() + frame.payload.size() > limits_.hard_bytes) {
    return flood(CodecCounter::kContinuationFlood, "http2.continuation_flood");
  }
  if (!guard_.frame(frame.payload.empty() && !whole)) {
    return flood(CodecCounter::kInboundEmptyFramesFlood, "http2.empty_frames_flood");
  }
  header_block_.append(frame.payload);
  block_frames_size_ += kFrameHeaderSize + frame.payload.size();
  if (!whole) return;
  std::string block = std::move(header_block_);
  header_block_ = {};
  on_header_block(std::exchange(header_stream_, 0), header_end_, block, header_fault_);
}

bool Connection::decode(std::string_view block, FieldSection& section) {
  switch (decoder_.decode(block, section)) {
    case HpackStatus::kOk: return true;
    case HpackStatus::kError: fail(ErrorCode::kCompressionError, "http2.hpack_error"); return false;
    case HpackStatus::kTooMuch: flood(CodecCounter::kHpackBomb, "http2.hpack_bomb"); return false;
  }
  return false;
}

void Connection::decode_and_drop(std::string_view block) {
  FieldSection section(nullptr, limits_, UnderscoreAction::kAllow);
  decode(block, section);
}

void Connection::on_trailer_block(StreamState& s, bool end, std::string_view block, std::string_view fault) {
  HeaderList* trailers = s.detached || !s.arena ? nullptr : s.arena->make<HeaderList>(*s.arena);
  FieldSection section(trailers, limits_, options_.underscores);
  if (!decode(block, section)) return;
  uint32_t id = s.id;
  if (s.remote_ended) {
    return stream_error(id, &s, ErrorCode::kStreamClosed, "http2.headers_after_end_stream");
  }
  if (s.is_connect) fault = "http2.headers_in_tunnel";
  if (!end) fault = "http2.trailers_without_end_stream";
  if (section.too_large()) {
    owner_.count(CodecCounter::kHeadersTooLarge);
    return stream_error(id, &s, ErrorCode::kEnhanceYourCalm, "http2.trailers_too_large", ResetReason::kOverload);
  }
  if (!section.malformed().empty()) fault = section.malformed();
  // What frames or routes a message cannot come after it (RFC 9110 section 6.5.1).
  if (section.has_any_pseudo()) fault = "http2.pseudo_header_in_trailers";
  if (section.has_host() || section.content_length() >= 0) fault = "http2.forbidden_trailer";
  if (s.body_to_come > 0) fault = "http2.body_shorter_than_content_length";
  if (!fault.empty()) return stream_error(id, &s, ErrorCode::kProtocolError, fault);
  owner_.count(CodecCounter::kTrailers);
  s.meter.head_received(block_frames_size_);
  s.remote_ended = true;
  if (trailers) {
    deliver_trailers(s, *trailers);
  } else {
    deliver(s, {}, true);
  }
}

void Connection::on_priority(const Frame& frame) {
  if (frame.stream == 0) return fail(ErrorCode::kProtocolError, "http2.priority_on_stream_0");
  if (!guard_.priority()) return flood(CodecCounter::kInboundPriorityFramesFlood, "http2.priority_flood");
  std::string_view fault;
  ErrorCode code = ErrorCode::kProtocolError;
  if (frame.payload.size() != 5) {
    fault = "http2.bad_priority_size";
    code = ErrorCode::kFrameSizeError;
  } else if ((read_u32(frame.payload.data()) & kMaxStreamId) == frame.stream) {
    fault = "http2.depends_on_itself";
  }
  if (fault.empty()) return;  // priorities themselves are ignored (RFC 9113 section 5.3.2)
  if (is_idle(frame.stream)) return fail(code, fault);
  StreamState* s = streams_.find(frame.stream);
  if (!s && recent_.find(frame.stream) != Ending::kComplete) return;  // reset already
  stream_error(frame.stream, s, code, fault);
}

void Connection::on_rst_stream(const Frame& frame) {
  if (frame.stream == 0) return fail(ErrorCode::kProtocolError, "http2.rst_stream_on_stream_0");
  if (frame.payload.size() != 4) return fail(ErrorCode::kFrameSizeError, "http2.bad_rst_stream_size");
  if (is_idle(frame.stream)) return fail(ErrorCode::kProtocolError, "http2.rst_stream_on_idle_stream");
  owner_.count(CodecCounter::kRxReset);
  StreamState* s = streams_.find(frame.stream);
  if (!s) {
    if (!guard_.glitch(now_)) flood(CodecCounter::kInboundUnknownFramesFlood, "http2.closed_stream_flood");
    return;
  }
  auto code = static_cast<ErrorCode>(read_u32(frame.payload.data()));
  bool premature = server_ && !s->local_ended;
  if (!server_ && code == ErrorCode::kNoError && s->remote_ended) {
    // The response is complete and the server wants no more of the request (RFC 9113 section 8.1).
    s->queued.clear();
    s->queued_trailers.clear();
    static_cast<ListLink<ReadyTag>&>(*s).unlink();
    s->wants_reset_after_flush = false;
    s->local_ended = true;
    if (!s->end_delivered) return;  // stored input is told first; then on_reset(kNone)
    return end_with_reset(*s, Ending::kResetByPeer, ResetReason::kNone, "http2.request_not_wanted");
  }
  bool refused = code == ErrorCode::kRefusedStream;
  end_with_reset(*s, Ending::kResetByPeer, refused ? ResetReason::kRemoteRefused : ResetReason::kRemoteReset,
                 refused ? "http2.remote_refused" : "http2.remote_reset");
  if (premature) count_premature_reset(CodecCounter::kRapidReset, "http2.rapid_reset");
}

void Connection::on_settings(const Frame& frame) {
  if (frame.stream != 0) return fail(ErrorCode::kProtocolError, "http2.settings_on_stream");
  if (frame.has(kFlagAck)) {
    if (!frame.payload.empty()) return fail(ErrorCode::kFrameSizeError, "http2.settings_ack_with_payload");
    return on_settings_ack();
  }
  if (frame.payload.size() % 6) return fail(ErrorCode::kFrameSizeError, "http2.bad_settings_size");
  if (!guard_.settings(now_) || frame.payload.size() / 6 > FloodGuard::kMaxSettings) {
    return flood(CodecCounter::kInboundSettingsFlood, "http2.settings_flood");
  }
  for (std::string_view rest = frame.payload; !rest.empty(); rest.remove_prefix(6)) {
    if (!apply_setting(static_cast<Setting>(read_u16(rest.data())), read_u32(rest.data() + 2))) return;
  }
  writer_.settings_ack();
  peer_settings_seen_ = true;
  on_peer_settings();
}

bool Connection::apply_setting(Setting setting, uint32_t value) {
  switch (setting) {
    case Setting::kHeaderTableSize: encoder_.set_peer_table_size(value); return true;
    case Setting::kEnablePush:
      if (value <= (server_ ? 1u : 0u)) return true;
      fail(ErrorCode::kProtocolError, "http2.bad_enable_push");
      return false;
    case Setting::kMaxConcurrentStreams: peer_max_streams_ = value; return true;
    case Setting::kInitialWindowSize: return set_peer_window(value);
    case Setting::kMaxFrameSize:
      // We never send more than the least that it can be.
      if (value >= kMaxFrameSize && value <= 16777215) return true;
      fail(ErrorCode::kProtocolError, "http2.bad_max_frame_size");
      return false;
    case Setting::kEnableConnectProtocol:
      if (value > 1 || (peer_allows_connect_ && value == 0)) {
        fail(ErrorCode::kProtocolError, "http2.bad_enable_connect_protocol");
        return false;
      }
      peer_allows_connect_ = value == 1;
      return true;
    case Setting::kMaxHeaderListSize: return true;  // advisory
  }
  return true;
}

void Connection::on_settings_ack() {
  if (settings_acknowledged_) {  // we send SETTINGS once
    if (!guard_.glitch(now_)) flood(CodecCounter::kInboundSettingsFlood, "http2.settings_flood");
    return;
  }
  settings_acknowledged_ = true;
  decoder_.settings_acknowledged();
}

void Connection::on_ping(const Frame& frame) {
  if (frame.stream != 0) return fail(ErrorCode::kProtocolError, "http2.ping_on_stream");
  if (frame.payload.size() != 8) return fail(ErrorCode::kFrameSizeError, "http2.bad_ping_size");
  uint64_t opaque;
  std::memcpy(&opaque, frame.payload.data(), 8);
  if (!guard_.ping(now_)) return flood(CodecCounter::kInboundPingFlood, "http2.ping_flood");
  if (frame.has(kFlagAck)) return on_ping_ack(opaque);
  writer_.ping(opaque, true);
}

void Connection::on_goaway_frame(const Frame& frame) {
  if (frame.stream != 0) return fail(ErrorCode::kProtocolError, "http2.goaway_on_stream");
  if (frame.payload.size() < 8) return fail(ErrorCode::kFrameSizeError, "http2.bad_goaway_size");
  if (!guard_.glitch(now_)) return flood(CodecCounter::kInboundUnknownFramesFlood, "http2.goaway_flood");
  on_goaway(read_u32(frame.payload.data()) & kMaxStreamId, static_cast<ErrorCode>(read_u32(frame.payload.data() + 4)));
}

}  // namespace proa::http::h2
