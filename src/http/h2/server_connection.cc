#include "http/h2/server_connection.h"

#include <memory>

#include "http/h2/message_rules.h"
#include "http/h2/stream_pool.h"

namespace proa::http::h2 {

using Pool = StreamPool<ServerSideStream>;

void ServerSideStream::send_informational(uint16_t status, const HeaderList& headers) {
  connection_.send_informational(*this, status, headers);
}
void ServerSideStream::send_response(const ResponseHead& head, bool end) {
  connection_.send_response(*this, head, end);
}
void ServerSideStream::close_after_response() { connection_.shut_down(connection_.now_); }

ServerConnection::ServerConnection(CodecOwner& owner, ServerHandler& handler, const Http2Options& options, MonoTime now,
                                   bool any_authority)
    : CodecShell(owner, options, true, now), handler_(handler), any_authority_(any_authority) {}

ServerConnection::~ServerConnection() { Connection::release_all(); }

void ServerConnection::release(StreamState& s) { Pool::give(static_cast<ServerSideStream*>(&s)); }

bool ServerConnection::is_idle(uint32_t id) const { return (id & 1) == 0 || id > last_stream_; }

void ServerConnection::on_header_block(uint32_t id, bool end, std::string_view block, std::string_view fault) {
  if ((id & 1) == 0) return fail(ErrorCode::kProtocolError, "http2.even_stream_id");
  if (StreamState* s = streams_.find(id)) return on_trailer_block(*s, end, block, fault);
  if (id <= last_stream_) return on_closed_stream_block(id, block);
  last_stream_ = id;
  if (id > last_accepted_) return decode_and_drop(block);  // after our GOAWAY (RFC 9113 section 6.8)
  if (streams_.size() >= options_.max_concurrent_streams) {
    decode_and_drop(block);
    return refuse(id);
  }
  on_new_stream(id, end, block, fault);
}

void ServerConnection::on_closed_stream_block(uint32_t id, std::string_view block) {
  decode_and_drop(block);
  if (dead_) return;
  switch (recent_.find(id)) {
    case Ending::kResetByUs: return;  // trailers that were under way
    case Ending::kComplete:
    case Ending::kResetByPeer: return fail(ErrorCode::kStreamClosed, "http2.headers_on_closed_stream");
    case Ending::kUnknown: return fail(ErrorCode::kProtocolError, "http2.stream_id_not_increasing");
  }
}

void ServerConnection::refuse(uint32_t id) {
  if (dead_) return;
  owner_.count(CodecCounter::kStreamsOverLimit);
  owner_.count(CodecCounter::kTxReset);
  writer_.rst_stream(id, ErrorCode::kRefusedStream);
  recent_.add(id, Ending::kResetByUs);
  count_premature_reset(CodecCounter::kMadeYouReset, "http2.streams_over_limit_flood");
}

/// A malformed request: no handler has seen it (RFC 9113 section 8.1.1).
void ServerConnection::reject(uint32_t id, bool end, std::string_view reason) {
  owner_.count(CodecCounter::kBadRequest);
  if (reason == "http2.unexpected_underscore") owner_.count(CodecCounter::kHeadersWithUnderscoresRejected);
  if (reason == kHostDiffers) return answer_and_close(id, end, 400, reason);
  handler_.on_malformed(0, reason);
  stream_error(id, nullptr, ErrorCode::kProtocolError, reason);
}

void ServerConnection::answer_and_close(uint32_t id, bool end, uint16_t status, std::string_view reason) {
  handler_.on_malformed(status, reason);
  write_head(id, HpackEncoder::kBeginBound + HpackEncoder::bound(7, 3), true,
             [&](char* out) { return encoder_.status(encoder_.begin(out), status); });
  recent_.add(id, end ? Ending::kComplete : Ending::kResetByUs);
  guard_.stream_opened();
  if (end) return;
  owner_.count(CodecCounter::kTxReset);
  writer_.rst_stream(id, ErrorCode::kNoError);
}

void ServerConnection::on_new_stream(uint32_t id, bool end, std::string_view block, std::string_view fault) {
  auto arena = std::make_unique<Arena>();
  auto* head = arena->make<RequestHead>(*arena);
  FieldSection section(&head->headers, field_limits(), options_.underscores);
  if (!decode(block, section)) return;
  if (section.too_large()) {
    owner_.count(CodecCounter::kHeadersTooLarge);
    // Decoding an oversized head costs as much as a request and is answered without one: it spends the same budget.
    if (!count_premature_reset(CodecCounter::kHpackBomb, "http2.oversized_heads")) return;
    return answer_and_close(id, end, 431, "http2.headers_too_large");
  }
  if (fault.empty()) fault = section.malformed();
  if (fault.empty()) fault = make_request(section, options_.allow_connect, any_authority_, *head);
  bool connect = head->method_id == Method::kConnect || !head->protocol.empty();
  if (fault.empty() && end && section.content_length() > 0) fault = "http2.body_shorter_than_content_length";
  if (fault.empty() && connect && section.content_length() >= 0) fault = "http2.content_length_in_connect";
  if (!fault.empty()) return reject(id, end, fault);
  for (uint32_t i = 0; i < section.underscores_dropped(); ++i) {
    owner_.count(CodecCounter::kHeadersWithUnderscoresDropped);
  }

  ServerSideStream& s = *Pool::take(*this);
  add_stream(s, id);
  s.arena = arena.get();
  s.head_size = block_frames_size();
  s.head_received = true;
  s.remote_ended = s.end_delivered = end;
  s.body_to_come = section.content_length();
  s.is_head_request = head->method_id == Method::kHead;
  s.is_connect = connect;
  s.is_upgrade = !head->protocol.empty();
  RequestReceiver& receiver = handler_.on_request(s, *head, std::move(arena), end);
  if (!s.detached && !s.closed) s.receiver = &receiver;
  if (s.has_untold_reset) s.receiver = &receiver;
}

void ServerConnection::send_informational(ServerSideStream& s, uint16_t status, const HeaderList& headers) {
  if (s.closed || s.head_sent || dead_ || status < 100 || status > 199 || status == 101) return;
  size_t bound = HpackEncoder::kBeginBound + HpackEncoder::bound(7, 3) + HpackEncoder::bound(headers);
  write_head(s, bound, false,
             [&](char* out) { return encode_fields(encoder_.status(encoder_.begin(out), status), headers); });
  wake();
}

void ServerConnection::send_response(ServerSideStream& s, const ResponseHead& head, bool end) {
  if (s.closed || s.head_sent || dead_) return;
  s.head_sent = true;
  // An accepted upgrade is 200 here (RFC 8441 section 5).
  uint16_t status = s.is_upgrade && head.status == 101 ? 200 : head.status;
  bool no_body = s.is_head_request || status == 204 || status == 304;
  if (!no_body && !s.is_connect) {
    const Header* length = head.headers.find(HeaderId::kContentLength);
    if (length) s.body_to_send = parse_content_length(length->value);
  }
  if (end && s.body_to_send > 0) return fail_own_message(s);
  size_t bound = HpackEncoder::kBeginBound + HpackEncoder::bound(7, 3) + HpackEncoder::bound(head.headers);
  write_head(s, bound, end,
             [&](char* out) { return encode_fields(encoder_.status(encoder_.begin(out), status), head.headers); });
  wake();
  if (end) ended_with_head(s);
}

ErrorCode ServerConnection::reset_code(const StreamState& s, ResetReason reason) const {
  switch (reason) {
    case ResetReason::kNone: return s.end_requested ? ErrorCode::kNoError : ErrorCode::kInternalError;
    case ResetReason::kRemoteRefused: return ErrorCode::kRefusedStream;
    case ResetReason::kProtocolError: return ErrorCode::kProtocolError;
    case ResetReason::kOverload: return ErrorCode::kEnhanceYourCalm;
    case ResetReason::kConnectFailure:
    case ResetReason::kConnectionClosed: return s.is_connect ? ErrorCode::kConnectError : ErrorCode::kInternalError;
    case ResetReason::kRemoteReset:
    case ResetReason::kLocalReset: break;
  }
  return ErrorCode::kInternalError;
}

void ServerConnection::on_goaway(uint32_t, ErrorCode) {
  // The client opens no more streams; those that are open go on.
  if (drain_ != Drain::kFinal) send_last_goaway();
}

void ServerConnection::shut_down(MonoTime now) {
  if (dead_ || drain_ != Drain::kNone) return;
  drain_ = Drain::kAnnounced;
  drain_deadline_ = now + kDrainTimeout;
  send_goaway(kMaxStreamId, ErrorCode::kNoError, {});
  writer_.ping(kDrainPing, false);
  wake();
}

void ServerConnection::on_ping_ack(uint64_t opaque) {
  if (opaque == kDrainPing && drain_ == Drain::kAnnounced) send_last_goaway();
}

void ServerConnection::role_on_time(MonoTime now) {
  if (now >= drain_deadline_) send_last_goaway();
}

void ServerConnection::send_last_goaway() {
  drain_ = Drain::kFinal;
  drain_deadline_ = MonoTime::max();
  last_accepted_ = last_stream_;
  send_goaway(last_stream_, ErrorCode::kNoError, {});
  on_stream_closed();
}

void ServerConnection::on_stream_closed() {
  if (drain_ == Drain::kFinal && streams_.empty()) dead_ = true;
}

}  // namespace proa::http::h2
