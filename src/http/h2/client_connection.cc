#include "http/h2/client_connection.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "http/h2/message_rules.h"
#include "http/h2/stream_pool.h"

namespace proa::http::h2 {

using Pool = StreamPool<ClientSideStream>;

void ClientSideStream::send_request(const RequestHead& head, bool end) { connection_.send_request(*this, head, end); }

ClientConnection::ClientConnection(CodecOwner& owner, const Http2Options& options, MonoTime now)
    : CodecShell(owner, options, false, now) {}

ClientConnection::~ClientConnection() { Connection::release_all(); }

void ClientConnection::release(StreamState& s) {
  if (held_ == &s) held_ = nullptr;
  Pool::give(static_cast<ClientSideStream*>(&s));
}

uint32_t ClientConnection::can_open() const {
  if (!reusable()) return 0;
  uint32_t left = (kMaxStreamId - next_id_) / 2 + 1;
  // One request need not wait for the peer's SETTINGS; more could be more than they allow.
  uint32_t limit = peer_settings_seen_ ? std::min(peer_max_streams_, options_.max_concurrent_streams) : 1;
  uint32_t active = streams_.size() + unsent_count_;
  return active < limit ? std::min(limit - active, left) : 0;
}

http::ClientStream& ClientConnection::open(ResponseReceiver& receiver, Arena& arena) {
  ClientSideStream& s = *Pool::take(*this);
  s.receiver = &receiver;
  s.arena = &arena;
  add_unsent(s);
  return s;
}

void ClientConnection::send_request(ClientSideStream& s, const RequestHead& head, bool end) {
  if (s.closed || s.head_sent) return;
  if (!head.protocol.empty() && !peer_settings_seen_ && !dead_ && !draining_) return hold(s, head, end);
  s.head_sent = true;
  remove_unsent(s);
  if (dead_ || draining_ || next_id_ > kMaxStreamId) {
    return owe_reset(s, ResetReason::kRemoteRefused, "http2.connection_is_closing");
  }
  if (!head.protocol.empty() && !peer_allows_connect_) {
    return owe_reset(s, ResetReason::kRemoteRefused, "http2.extended_connect_not_enabled");
  }
  add_stream(s, next_id_);
  next_id_ += 2;
  s.is_head_request = head.method_id == Method::kHead;
  s.is_upgrade = !head.protocol.empty();
  s.is_connect = head.method_id == Method::kConnect || s.is_upgrade;
  if (!s.is_connect) {
    const Header* length = head.headers.find(HeaderId::kContentLength);
    if (length) s.body_to_send = parse_content_length(length->value);
  }
  if (end && s.body_to_send > 0) return fail_own_message(s);
  bool plain_connect = s.is_connect && !s.is_upgrade;
  size_t bound = HpackEncoder::kBeginBound + 7 * HpackEncoder::bound(10, 16) + head.method.size() + head.scheme.size() +
                 head.path.size() + head.authority.size() + head.protocol.size() + HpackEncoder::bound(head.headers);
  write_head(s, bound, end, [&](char* out) {
    out = encoder_.method(encoder_.begin(out), s.is_upgrade ? "CONNECT" : head.method);
    if (!plain_connect) {
      out = encoder_.scheme(out, head.scheme.empty() ? "http" : head.scheme);
      out = encoder_.path(out, head.path);
    }
    if (!head.authority.empty()) out = encoder_.authority(out, head.authority);
    if (s.is_upgrade) out = encoder_.protocol(out, head.protocol);
    if (head.wants_trailers) out = encoder_.field(out, {"te", "trailers", HeaderId::kTe});
    if (head.expect_continue) out = encoder_.field(out, {"expect", "100-continue", HeaderId::kExpect});
    return encode_fields(out, head.headers);
  });
  wake();
  if (end) ended_with_head(s);
}

/// Whether extended CONNECT is taken, only the server's SETTINGS tell (RFC 8441 section 3). Until they have come there
/// is no more than this one stream.
void ClientConnection::hold(ClientSideStream& s, const RequestHead& head, bool end) {
  s.head_held = true;
  s.end_requested = end;
  held_ = &s;
  held_head_ = &head;
}

void ClientConnection::on_peer_settings() {
  ClientSideStream* s = std::exchange(held_, nullptr);
  if (!s || s->closed) return;
  s->head_held = false;
  send_request(*s, *held_head_, s->end_requested && s->queued.empty());
  mark_ready(*s);
}

void ClientConnection::on_header_block(uint32_t id, bool end, std::string_view block, std::string_view fault) {
  if (is_idle(id)) return fail(ErrorCode::kProtocolError, "http2.headers_on_idle_stream");
  StreamState* s = streams_.find(id);
  if (!s) return decode_and_drop(block);  // of a stream that we have reset, as a rule
  if (s->head_received) return on_trailer_block(*s, end, block, fault);
  on_response_block(static_cast<ClientSideStream&>(*s), end, block, fault);
}

void ClientConnection::on_response_block(ClientSideStream& s, bool end, std::string_view block,
                                         std::string_view fault) {
  s.meter.head_received(block_frames_size());
  auto* head = s.arena->make<ResponseHead>(*s.arena);
  FieldSection section(&head->headers, field_limits(), options_.underscores);
  if (!decode(block, section)) return;
  if (section.too_large()) {
    owner_.count(CodecCounter::kHeadersTooLarge);
    return stream_error(s.id, &s, ErrorCode::kEnhanceYourCalm, "http2.head_too_large", ResetReason::kOverload);
  }
  if (fault.empty()) fault = section.malformed();
  if (fault.empty()) fault = make_response(section, *head);
  bool informational = head->status >= 100 && head->status < 200;
  if (fault.empty() && informational && end) fault = "http2.end_stream_on_informational";
  bool tunnel = s.is_connect && head->status >= 200 && head->status < 300;
  bool no_body = s.is_head_request || head->status == 204 || head->status == 304;
  if (fault.empty() && !informational && !tunnel && !no_body && end && section.content_length() > 0) {
    fault = "http2.body_shorter_than_content_length";
  }
  if (!fault.empty()) return stream_error(s.id, &s, ErrorCode::kProtocolError, fault);
  if (informational) return on_informational(s, *head, end);
  if (tunnel && s.is_upgrade) head->status = 101;  // an accepted upgrade looks the same in all versions
  s.head_received = true;
  s.is_connect = tunnel;
  s.body_to_come = tunnel ? -1 : no_body ? 0 : section.content_length();
  s.remote_ended = end;
  if (s.detached) {
    if (end) s.end_delivered = true;
    return settle(s);
  }
  if (end) s.end_delivered = true;
  static_cast<ResponseReceiver*>(s.receiver)->on_response(*head, end);
  settle(s);
}

void ClientConnection::on_informational(ClientSideStream& s, ResponseHead& head, bool) {
  if (++s.informational > kMaxInformational) {
    return stream_error(s.id, &s, ErrorCode::kEnhanceYourCalm, "http2.too_many_informational_responses");
  }
  if (!s.detached) static_cast<ResponseReceiver*>(s.receiver)->on_informational(head);
}

ErrorCode ClientConnection::reset_code(const StreamState& s, ResetReason reason) const {
  switch (reason) {
    case ResetReason::kNone: return s.remote_ended ? ErrorCode::kNoError : ErrorCode::kCancel;
    case ResetReason::kProtocolError: return ErrorCode::kProtocolError;
    case ResetReason::kRemoteRefused: return ErrorCode::kRefusedStream;
    case ResetReason::kOverload: return ErrorCode::kEnhanceYourCalm;
    default: return ErrorCode::kCancel;
  }
}

void ClientConnection::on_goaway(uint32_t last_stream, ErrorCode) {
  draining_ = true;
  last_processed_ = std::min(last_processed_, last_stream);
  // What is above has not been processed (RFC 9113 section 6.8).
  std::vector<StreamState*> above;
  streams_.for_each([&](StreamState& s) {
    if (s.id > last_processed_) above.push_back(&s);
  });
  for (StreamState* s : above) {  // closed ones are kept until the end of the turn
    if (!s->closed) end_with_reset(*s, Ending::kResetByPeer, ResetReason::kRemoteRefused, "http2.goaway");
  }
  finish_drain();
}

void ClientConnection::shut_down(MonoTime) {
  if (dead_ || draining_) return;
  draining_ = true;
  finish_drain();
  wake();
}

void ClientConnection::on_stream_closed() { finish_drain(); }

void ClientConnection::finish_drain() {
  if (!draining_ || dead_ || !streams_.empty() || unsent_count_) return;
  send_goaway(0, ErrorCode::kNoError, {});
  dead_ = true;
}

}  // namespace proa::http::h2
