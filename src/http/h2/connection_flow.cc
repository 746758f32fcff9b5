// Bodies in both directions: flow control, the scheduler, watermarks, and what is told to receivers.
#include <algorithm>
#include <utility>

#include "http/h2/connection.h"

namespace proa::http::h2 {

// --- Receiving ---

void Connection::consumed_on_connection(size_t size) {
  if (dead_) return;
  consumed_ += static_cast<int64_t>(size);
  int64_t window = std::max<int64_t>(options_.connection_window, kDefaultWindow);
  if (consumed_ * 2 < window) return;
  receive_window_ += consumed_;
  writer_.window_update(0, static_cast<uint32_t>(std::exchange(consumed_, 0)));
  wake();
}

void Connection::consumed(StreamState& s, size_t size) {
  consumed_on_connection(size);
  s.consumed += static_cast<int64_t>(size);
  if (s.closed || s.paused || s.remote_ended || s.consumed == 0) return;
  if (s.consumed * 2 < options_.stream_window) return;
  s.receive_window += s.consumed;
  writer_.window_update(s.id, static_cast<uint32_t>(std::exchange(s.consumed, 0)));
  wake();
}

void Connection::deliver(StreamState& s, std::string_view data, bool end) {
  if (s.detached) {
    consumed_on_connection(data.size());  // and no more is asked for on the stream
    if (end) s.end_delivered = true;
    return settle(s);
  }
  if (s.paused || !s.stored.empty()) {
    s.stored.append(data);
    return;
  }
  if (end) s.end_delivered = true;
  s.receiver->on_data(data, end);
  consumed(s, data.size());
  settle(s);
}

void Connection::deliver_trailers(StreamState& s, HeaderList& trailers) {
  if (s.paused || !s.stored.empty()) {
    s.stored_trailers = &trailers;
    return;
  }
  s.end_delivered = true;
  s.receiver->on_trailers(trailers);
  settle(s);
}

void Connection::pause_reading(StreamState& s, bool paused) {
  if (s.closed || s.paused == paused) return;
  s.paused = paused;
  if (paused) return;
  consumed(s, 0);
  bool end_stored = s.remote_ended && !s.end_delivered;
  if (s.stored.empty() && !end_stored) return;
  if (!static_cast<ListLink<OwedTag>&>(s).linked()) owed_.push_back(s);
  wake();
}

void Connection::tell_owed() {
  List<StreamState, OwedTag> turn;  // what they cause is for the next turn
  turn.splice(owed_);
  while (StreamState* s = turn.pop_front()) {
    if (!s->has_untold_reset) {
      deliver_stored(*s);
      continue;
    }
    s->has_untold_reset = false;
    MessageReceiver* receiver = std::exchange(s->receiver, nullptr);
    graveyard_.push_back(*s);
    if (receiver) receiver->on_reset(s->untold_reset, s->untold_details);
  }
}

void Connection::deliver_stored(StreamState& s) {
  Buffer work = std::move(s.stored);
  while (!work.empty() && !s.paused && !s.closed && !s.detached) {
    std::string_view piece = work.front();
    bool end = piece.size() == work.size() && s.remote_ended && !s.stored_trailers;
    if (end) s.end_delivered = true;
    s.receiver->on_data(piece, end);
    consumed(s, piece.size());
    work.drain(piece.size());
  }
  if (s.closed) return consumed_on_connection(work.size());
  if (!s.detached && !work.empty()) {
    s.stored = std::move(work);
    return;
  }
  consumed_on_connection(work.size());
  if (!s.detached && !s.paused && s.remote_ended && !s.end_delivered) {
    s.end_delivered = true;
    if (s.stored_trailers) {
      s.receiver->on_trailers(*std::exchange(s.stored_trailers, nullptr));
    } else {
      s.receiver->on_data({}, true);
    }
  }
  if (!s.closed && s.end_delivered && s.local_ended && !s.end_requested) {
    return end_with_reset(s, Ending::kResetByPeer, ResetReason::kNone, "http2.request_not_wanted");
  }
  settle(s);
}

void Connection::on_window_update(const Frame& frame) {
  if (frame.payload.size() != 4) return fail(ErrorCode::kFrameSizeError, "http2.bad_window_update_size");
  if (frame.stream != 0 && is_idle(frame.stream)) {
    return fail(ErrorCode::kProtocolError, "http2.window_update_on_idle_stream");
  }
  if (!guard_.window_update()) {
    return flood(CodecCounter::kInboundWindowUpdateFramesFlood, "http2.window_update_flood");
  }
  int64_t increment = read_u32(frame.payload.data()) & kMaxStreamId;
  if (frame.stream == 0) {
    if (increment == 0) return fail(ErrorCode::kProtocolError, "http2.zero_window_update");
    send_window_ += increment;
    if (send_window_ > kMaxWindow) fail(ErrorCode::kFlowControlError, "http2.window_overflow");
    return;
  }
  StreamState* s = streams_.find(frame.stream);
  if (!s) return;  // may come for some time after the end (RFC 9113 section 5.1)
  if (increment == 0) return stream_error(s->id, s, ErrorCode::kProtocolError, "http2.zero_window_update");
  s->send_window += increment;
  if (s->send_window > kMaxWindow) {
    return stream_error(s->id, s, ErrorCode::kFlowControlError, "http2.window_overflow");
  }
  mark_ready(*s);
}

bool Connection::set_peer_window(uint32_t size) {
  if (size > kMaxWindow) {
    fail(ErrorCode::kFlowControlError, "http2.bad_initial_window_size");
    return false;
  }
  int64_t change = size - peer_initial_window_;
  peer_initial_window_ = size;
  bool overflow = false;
  streams_.for_each([&](StreamState& s) {
    s.send_window += change;  // may fall below zero (RFC 9113 section 6.9.2)
    overflow |= s.send_window > kMaxWindow;
    mark_ready(s);
  });
  if (overflow) fail(ErrorCode::kFlowControlError, "http2.window_overflow");
  return !overflow;
}

// --- Sending ---

char* Connection::encode_fields(char* out, const HeaderList& headers) {
  for (const Header& header : headers.all()) {
    switch (header.id) {
      case HeaderId::kConnection:
      case HeaderId::kKeepAlive:
      case HeaderId::kProxyConnection:
      case HeaderId::kTransferEncoding:
      case HeaderId::kUpgrade:
      case HeaderId::kHttp2Settings:
      case HeaderId::kHost:  // it is :authority
      case HeaderId::kTe:    // written from RequestHead::wants_trailers
        continue;
      default: out = encoder_.field(out, header);
    }
  }
  return out;
}

size_t Connection::buffered(const StreamState& s) const {
  uint64_t drained = writer_.drained();
  size_t in_output = s.last_in_output > drained
                         ? static_cast<size_t>(std::min<uint64_t>(s.bytes_in_output, s.last_in_output - drained))
                         : 0;
  return s.queued.size() + in_output;
}

/// Notes a DATA frame of `size` bytes at the end of the output.
void Connection::account(StreamState& s, size_t size) {
  s.send_window -= static_cast<int64_t>(size);
  send_window_ -= static_cast<int64_t>(size);
  s.meter.sent(kFrameHeaderSize + size);
  if (s.last_in_output <= writer_.drained()) s.bytes_in_output = 0;
  s.bytes_in_output += size;
  s.last_in_output = writer_.appended();
  guard_.data_sent();
}

void Connection::mark_ready(StreamState& s) {
  if (s.queued.empty() || s.send_window <= 0) return;
  if (!static_cast<ListLink<ReadyTag>&>(s).linked()) ready_.push_back(s);
}

/// END_STREAM is in the output.
void Connection::local_end(StreamState& s) {
  s.local_ended = true;
  if (s.wants_reset_after_flush) {
    owner_.count(CodecCounter::kTxReset);
    writer_.rst_stream(s.id, s.reset_after_flush);
    return close(s, Ending::kResetByUs);
  }
  settle(s);
}

bool Connection::body_fits(StreamState& s, size_t size, bool end) {
  if (s.body_to_send < 0) return true;
  s.body_to_send -= static_cast<int64_t>(size);
  return s.body_to_send >= 0 && (!end || s.body_to_send == 0);
}

/// The owner's message does not keep its content-length: the peer must not take it for whole.
void Connection::fail_own_message(StreamState& s) {
  owner_.count(CodecCounter::kTxReset);
  writer_.rst_stream(s.id, ErrorCode::kInternalError);
  owe_reset(s, ResetReason::kLocalReset, "http2.content_length_not_kept");
}

void Connection::hold_data(StreamState& s, std::string_view data, bool end) {
  s.queued.append(data);
  s.end_requested = s.end_requested || end;
  note_watermark(s);
}

void Connection::note_watermark(StreamState& s) {
  if (s.above_watermark || buffered(s) <= options_.high_watermark) return;
  s.above_watermark = true;
  blocked_.push_back(s);
}

void Connection::send_data(StreamState& s, std::string_view data, bool end) {
  if (s.head_held && !s.closed && !s.end_requested) return hold_data(s, data, end);
  if (s.closed || s.end_requested || s.local_ended || !s.head_sent || dead_) return;
  if (data.empty() && !end) return;
  if (!body_fits(s, data.size(), end)) return fail_own_message(s);
  if (end) s.end_requested = true;
  while (s.queued.empty()) {
    int64_t room = std::min(s.send_window, send_window_);
    size_t n = std::min<size_t>(data.size(), kMaxFrameSize);
    if (writer_.buffer().size() >= output_limit_) room = 0;
    n = std::min(n, static_cast<size_t>(std::max<int64_t>(room, 0)));
    if (n == 0 && !data.empty()) break;
    bool last = end && n == data.size();
    writer_.data(s.id, data.substr(0, n), last);
    account(s, n);
    data.remove_prefix(n);
    if (last) {
      wake();
      return local_end(s);
    }
    if (data.empty()) break;
  }
  s.queued.append(data);
  mark_ready(s);
  note_watermark(s);
  if (end) settle(s);
  wake();
}

void Connection::send_trailers(StreamState& s, const HeaderList& trailers) {
  if (s.head_held) return send_data(s, {}, true);  // what is held is an upgrade: it has no trailers
  if (s.closed || s.end_requested || s.local_ended || !s.head_sent || dead_) return;
  if (trailers.empty()) return send_data(s, {}, true);
  if (!body_fits(s, 0, true)) return fail_own_message(s);
  s.end_requested = true;
  size_t bound = HpackEncoder::bound(trailers);
  if (s.queued.empty()) {
    write_head(s, bound + HpackEncoder::kBeginBound, true,
               [&](char* out) { return encode_fields(encoder_.begin(out), trailers); });
    wake();
    return local_end(s);
  }
  s.queued_trailers.resize(bound);
  char* begin = s.queued_trailers.data();
  s.queued_trailers.resize(static_cast<size_t>(encoder_.stateless_fields(begin, trailers) - begin));
  settle(s);
  wake();
}

/// Sends one frame of the stream's queue; false when the connection's window is used up.
bool Connection::send_chunk(StreamState& s) {
  int64_t room = std::min({s.send_window, send_window_, static_cast<int64_t>(kMaxFrameSize)});
  if (s.send_window <= 0) return true;
  if (room <= 0) return false;
  size_t n = std::min(s.queued.size(), static_cast<size_t>(room));
  bool last = s.end_requested && n == s.queued.size() && s.queued_trailers.empty();
  writer_.data(s.id, s.queued, n, last);
  account(s, n);
  if (static_cast<ListLink<LingerTag>&>(s).linked()) linger(s);
  if (!s.queued.empty()) return true;
  if (!s.queued_trailers.empty()) {
    // Made without the dynamic table; a size update that is due goes in front of it.
    char update[HpackEncoder::kBeginBound];
    std::string block(update, static_cast<size_t>(encoder_.begin(update) - update));
    block += s.queued_trailers;
    const uint64_t before = writer_.appended();
    writer_.headers(s.id, block, true);
    s.meter.head_sent(writer_.appended() - before);
    last = true;
  }
  if (last) local_end(s);
  return true;
}

void Connection::pump() {
  while (writer_.buffer().size() < output_limit_) {
    StreamState* s = ready_.pop_front();
    if (!s) return;
    if (!send_chunk(*s)) return ready_.push_front(*s);
    if (!s->closed) mark_ready(*s);  // round robin
  }
}

/// Progress, or the owner has just left: the time to wait begins again.
void Connection::linger(StreamState& s) {
  s.linger_until = now_ + kLingerTimeout;
  static_cast<ListLink<LingerTag>&>(s).unlink();  // push_back() of a list's own last element would lose it
  lingering_.push_back(s);
}

void Connection::notify_writable() {
  if (blocked_.empty()) return;
  List<StreamState, BlockedTag> turn;
  turn.splice(blocked_);
  while (StreamState* s = turn.pop_front()) {
    if (buffered(*s) > options_.high_watermark / 2) {
      blocked_.push_back(*s);
      continue;
    }
    s->above_watermark = false;
    if (!s->detached && !s->end_requested && s->receiver) s->receiver->on_writable();
    if (dead_) return;
  }
}

void Connection::reset(StreamState& s, ResetReason reason) {
  if (s.has_untold_reset) {  // it was to be told in the next turn; the owner does not care any more
    s.has_untold_reset = false;
    s.receiver = nullptr;
    graveyard_.push_back(s);
    return;
  }
  if (s.closed) return;
  if (s.id == 0 || dead_) return close(s, Ending::kResetByUs);
  ErrorCode code = reset_code(s, reason);
  if (reason == ResetReason::kNone && s.end_requested && !s.local_ended) {
    // The response is complete but still queued: it goes out first.
    s.detached = true;
    s.meter.stop();
    s.receiver = nullptr;
    s.end_delivered = true;
    s.wants_reset_after_flush = true;
    s.reset_after_flush = code;
    return linger(s);
  }
  owner_.count(CodecCounter::kTxReset);
  writer_.rst_stream(s.id, code);
  close(s, Ending::kResetByUs);
  wake();
}

}  // namespace proa::http::h2
