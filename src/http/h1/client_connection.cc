#include "http/h1/client_connection.h"

#include <cassert>
#include <utility>

#include "base/number.h"

namespace proa::http::h1 {

ClientStream& ClientConnection::open(ResponseReceiver& receiver, Arena& arena) {
  assert(can_open());
  busy_ = true;
  receiver_ = &receiver;
  arena_ = &arena;
  request_ = {};
  informational_ = 0;
  paused_ = false;
  return *this;
}

// --- output ----------------------------------------------------------------------------------------------------

// All methods but those that have no use for one.
static bool suggests_body(Method method) {
  switch (method) {
    case Method::kGet:
    case Method::kHead:
    case Method::kDelete:
    case Method::kTrace:
    case Method::kConnect: return false;
    default: return true;
  }
}

// How the request tells its end (RFC 9112 section 6); sets up the encoder. False when the headers contradict it.
bool ClientConnection::frame_request(const RequestHead& head, bool end, WrittenFraming& framing) {
  framing.proper_case = options_.proper_case_headers;
  framing.expect_continue = head.expect_continue && !end;
  if (!keep_alive_) framing.connection = ConnectionField::kClose;
  if (!head.protocol.empty() || request_.connect) {
    framing.omit_content_length = true;
    if (!head.protocol.empty()) framing.connection = ConnectionField::kUpgrade;
    framing.upgrade = head.protocol;
    encoder_.start(SentBody::kRaw);
    return true;
  }
  if (const Header* field = head.headers.find(HeaderId::kContentLength)) {
    auto length = parse_decimal<uint64_t>(field->value);
    if (!length || (end && *length) || head.headers.count(HeaderId::kContentLength) != 1) return false;
    encoder_.start(SentBody::kLength, *length);
  } else if (end) {
    // RFC 9110 section 8.6: say that there is no body where the method suggests one.
    framing.zero_length = suggests_body(head.method_id);
    encoder_.start(SentBody::kLength, 0);
  } else {
    framing.chunked = true;
    encoder_.start(SentBody::kChunked);
  }
  return true;
}

void ClientConnection::send_request(const RequestHead& head, bool end) {
  if (in_ != In::kIdle || !busy_ || out_ != Out::kIdle) return;
  request_.head = head.method_id == Method::kHead;
  request_.connect = head.method_id == Method::kConnect && head.protocol.empty();
  request_.upgrade = arena_->copy(head.protocol);
  WrittenFraming framing;
  const size_t before = output_.size();
  if (!frame_request(head, end, framing) || !write_request_head(output_, head, framing)) {
    return request_failed("http1.invalid_request_head");
  }
  meter_.head_sent(output_.size() - before);
  in_ = In::kHead;
  starved_ = false;
  if (encoder_.kind() == SentBody::kRaw) {
    out_ = Out::kUndecided;
    held_end_ = end;
    return owner_.wake();
  }
  out_ = Out::kBody;
  request_sent(end);
}

void ClientConnection::send_data(std::string_view data, bool end) {
  if (out_ == Out::kUndecided) {
    held_.append(data);
    held_end_ = held_end_ || end;
    if (buffered() > options_.high_watermark) above_watermark_ = true;
    return;
  }
  if (out_ != Out::kBody) return;
  const size_t before = output_.size();
  if (!encoder_.write(output_, data, end)) return request_failed("http1.request_length_mismatch");
  meter_.sent(output_.size() - before);
  request_sent(end);
}

void ClientConnection::send_trailers(const HeaderList& trailers) {
  if (out_ == Out::kUndecided) return send_data({}, true);
  if (out_ != Out::kBody) return;
  const size_t before = output_.size();
  if (!encoder_.write_trailers(output_, trailers, options_.enable_trailers, options_.proper_case_headers)) {
    return request_failed("http1.request_length_mismatch");
  }
  meter_.head_sent(output_.size() - before);
  request_sent(true);
}

void ClientConnection::request_sent(bool end) {
  if (buffered() > options_.high_watermark) above_watermark_ = true;
  if (end) {
    out_ = Out::kDone;
    end_exchange_if_complete();
  }
  owner_.wake();
}

// The request cannot be sent as it was given: the peer must not take it for complete.
void ClientConnection::request_failed(std::string_view details) {
  reset_pending_ = true;
  close(details);
}

void ClientConnection::reset(ResetReason) {
  if (!busy_) return;
  receiver_ = nullptr;
  meter_.stop();
  reset_pending_ = false;
  ++serial_;
  busy_ = false;
  if (in_ != In::kIdle) close();  // when nothing was sent the connection is as good as new
}

void ClientConnection::pause_reading(bool paused) {
  paused_ = paused;
  if (!paused) owner_.wake();
}

void ClientConnection::output_drained(MonoTime) {
  if (!above_watermark_ || buffered() >= options_.high_watermark / 2) return;
  above_watermark_ = false;
  if (receiver_ && (out_ == Out::kBody || out_ == Out::kUndecided)) receiver_->on_writable();
}

// --- input -----------------------------------------------------------------------------------------------------

void ClientConnection::receive(std::string_view bytes, MonoTime now) {
  if (in_ == In::kClosed) return;
  starved_ = false;
  stored_.receive(bytes, [&](std::string_view input) { return consume(input, now); });
}

void ClientConnection::resume(MonoTime now) {
  if (std::exchange(reset_pending_, false)) {
    busy_ = false;
    meter_.stop();
    if (auto* receiver = std::exchange(receiver_, nullptr)) receiver->on_reset(ResetReason::kProtocolError, error_);
  }
  if (in_ == In::kClosed) return stored_.clear();
  if (!stored_.empty()) stored_.resume([&](std::string_view input) { return consume(input, now); });
  if (end_pending_ && in_ != In::kClosed && !blocked()) input_ended();
}

bool ClientConnection::has_stored_input() const {
  if (reset_pending_) return true;
  if (in_ == In::kClosed || blocked()) return false;
  return end_pending_ || (!stored_.empty() && !starved_);
}

bool ClientConnection::wants_input() const { return in_ != In::kClosed && !end_pending_ && !blocked(); }

size_t ClientConnection::consume(std::string_view input, MonoTime now) {
  size_t used = 0;
  while (used < input.size() && in_ != In::kClosed && !blocked()) {
    size_t n = step(input.substr(used), now);
    used += n;
    if (n == 0) {
      starved_ = true;
      break;
    }
  }
  return in_ == In::kClosed ? input.size() : used;
}

// Uses some of the input, or returns 0 when it needs more.
size_t ClientConnection::step(std::string_view input, MonoTime now) {
  switch (in_) {
    case In::kHead: return read_head(input, now);
    case In::kBody: return read_body(input);
    case In::kTunnel:
      meter_.received(input.size());
      receiver_->on_data(input, false);
      return input.size();
    case In::kIdle:
      // Nothing was asked: a farewell such as 408, or the tail of a response that was longer than it said. A
      // request about to be sent can go elsewhere.
      if (busy_)
        abort(ResetReason::kConnectionClosed, "http1.closed_before_response");
      else
        close("http1.unexpected_data");
      return input.size();
    case In::kComplete:  // the response has ended, the request not yet
      keep_alive_ = false;
      return input.size();
    case In::kClosed: break;
  }
  return input.size();
}

size_t ClientConnection::read_head(std::string_view input, MonoTime now) {
  HeadScanner::Result result = scanner_.scan(input, options_.max_head_bytes);
  Refusal refusal;
  if (result == HeadScanner::Result::kRefused)
    refusal = {400, scanner_.reason()};
  else if (result == HeadScanner::Result::kTooLarge)
    refusal = {431, "http1.headers_too_large"};
  if (refusal) {
    refuse(refusal);
    return input.size();
  }
  if (result == HeadScanner::Result::kIncomplete) {
    if (deadline_ == MonoTime::max() && options_.head_timeout != kNever) deadline_ = now + options_.head_timeout;
    return 0;
  }

  size_t size = scanner_.size();
  scanner_ = HeadScanner();
  deadline_ = MonoTime::max();
  auto* head = arena_->make<ResponseHead>(*arena_);
  Framing framing;
  refusal = parse_response_head(input.substr(0, size), options_, request_, *arena_, *head, framing);
  if (!refusal && head->status < 200 && head->status != 101 && ++informational_ > kMaxInformational) {
    refusal = {400, "http1.too_many_informational_responses"};
  }
  if (refusal) {
    refuse(refusal);
    return input.size();
  }
  meter_.head_received(size);
  take_head(*head, framing, size < input.size());
  return size;
}

void ClientConnection::take_head(ResponseHead& head, const Framing& framing, bool more_input) {
  if (head.status < 200 && head.status != 101) return receiver_->on_informational(head);
  if (head.status == 101 || (request_.connect && head.status < 300)) {
    begin_tunnel();
    return receiver_->on_response(head, false);
  }
  keep_alive_ = keep_alive_ && framing.keep_alive;
  if (out_ == Out::kUndecided) {  // refused: the request has no more to say
    held_.clear();
    out_ = Out::kDone;
  }
  if (framing.body == BodyKind::kNone) return response_complete(more_input).on_response(head, true);
  in_ = In::kBody;
  decoder_.start(framing.body, framing.length, options_.max_head_bytes);
  receiver_->on_response(head, false);
}

void ClientConnection::begin_tunnel() {
  keep_alive_ = false;
  in_ = In::kTunnel;
  out_ = held_end_ ? Out::kDone : Out::kBody;
  meter_.sent(held_.size());
  output_.append(std::move(held_));
  owner_.wake();
}

size_t ClientConnection::read_body(std::string_view input) {
  char scratch[BodyDecoder::Scratch::extent];
  BodyDecoder::Step step = decoder_.decode(input, BodyDecoder::Scratch(scratch));
  if (step.refusal) {
    refuse(step.refusal);
    return input.size();
  }
  meter_.received(step.used);
  deliver(step, step.used < input.size());
  return step.used;
}

void ClientConnection::deliver(const BodyDecoder::Step& step, bool more_input) {
  if (!step.trailers.empty()) {
    owner_.count(CodecCounter::kTrailers);
    auto* trailers = arena_->make<HeaderList>(*arena_);
    FieldRules rules{options_.max_headers, UnderscoreAction::kAllow};
    if (Refusal refusal = parse_trailers(step.trailers, rules, *trailers)) return refuse(refusal);
    if (options_.enable_trailers && !trailers->empty()) {
      uint32_t serial = serial_;
      if (!step.data.empty()) receiver_->on_data(step.data, false);
      if (serial == serial_) response_complete(more_input).on_trailers(*trailers);
      return;
    }
  }
  if (step.done) return response_complete(more_input).on_data(step.data, true);
  if (!step.data.empty()) receiver_->on_data(step.data, false);
}

// The connection is ready for the next exchange before the receiver hears of the end, so that it can hand it on
// at once. Bytes after the response (threats S12) would become the next one's: then there is no next one.
ResponseReceiver& ClientConnection::response_complete(bool more_input) {
  ResponseReceiver& receiver = *receiver_;
  if (more_input) {
    keep_alive_ = false;
    error_ = "http1.data_after_response";
  }
  in_ = In::kComplete;
  end_exchange_if_complete();
  return receiver;
}

void ClientConnection::end_exchange_if_complete() {
  if (in_ != In::kComplete || out_ != Out::kDone) return;
  receiver_ = nullptr;
  meter_.stop();
  arena_ = nullptr;
  busy_ = false;
  ++serial_;
  if (!keep_alive_) return close(error_);
  in_ = In::kIdle;
  out_ = Out::kIdle;
  owner_.wake();
}

void ClientConnection::receive_end(bool failed, MonoTime) {
  if (in_ == In::kClosed) return;
  if (failed) {
    bool unanswered = in_ == In::kIdle || (in_ == In::kHead && stored_.empty() && informational_ == 0);
    return abort(ResetReason::kConnectionClosed,
                 unanswered ? "http1.closed_before_response" : "http1.connection_failed");
  }
  if (blocked()) {
    end_pending_ = true;
    return;
  }
  input_ended();
}

void ClientConnection::input_ended() {
  end_pending_ = false;
  keep_alive_ = false;
  switch (in_) {
    case In::kHead:
      if (stored_.empty() && informational_ == 0) {
        return abort(ResetReason::kConnectionClosed, "http1.closed_before_response");
      }
      return abort(ResetReason::kConnectionClosed, "http1.closed_in_response");
    case In::kBody:
      if (decoder_.kind() != BodyKind::kUntilClose) {
        return abort(ResetReason::kConnectionClosed, "http1.closed_in_response");
      }
      return response_complete(false).on_data({}, true);
    case In::kTunnel: return response_complete(false).on_data({}, true);
    case In::kIdle:
      if (busy_) return abort(ResetReason::kConnectionClosed, "http1.closed_before_response");
      return close();
    case In::kComplete: return abort(ResetReason::kConnectionClosed, "http1.closed_in_request");
    case In::kClosed: return;
  }
}

// --- the end ---------------------------------------------------------------------------------------------------

void ClientConnection::shut_down(MonoTime) {
  keep_alive_ = false;
  if (!busy_) close();
}

void ClientConnection::on_time(MonoTime now) {
  if (now < deadline_) return;
  owner_.count(CodecCounter::kHeaderTimeout);
  abort(ResetReason::kProtocolError, "http1.response_header_timeout");
}

void ClientConnection::refuse(const Refusal& refusal) {
  owner_.count(refusal.status == 431 ? CodecCounter::kHeadersTooLarge : CodecCounter::kBadRequest);
  abort(ResetReason::kProtocolError, refusal.reason);
}

void ClientConnection::abort(ResetReason reason, std::string_view details) {
  ResponseReceiver* receiver = std::exchange(receiver_, nullptr);
  meter_.stop();
  reset_pending_ = false;
  busy_ = false;
  close(details);
  if (receiver) receiver->on_reset(reason, details);
}

void ClientConnection::close(std::string_view error) {
  if (in_ == In::kClosed) return;
  in_ = In::kClosed;
  out_ = Out::kDone;
  error_ = error;
  keep_alive_ = false;
  end_pending_ = false;
  deadline_ = MonoTime::max();
  ++serial_;
  owner_.wake();
}

}  // namespace proa::http::h1
