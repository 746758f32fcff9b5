#include "http/h1/server_connection.h"

#include <utility>

#include "base/number.h"

namespace proa::http::h1 {

// --- input -----------------------------------------------------------------------------------------------------

void ServerConnection::receive(std::string_view bytes, MonoTime now) {
  if (in_ == In::kClosed) return;
  starved_ = false;
  stored_.receive(bytes, [&](std::string_view input) { return consume(input, now); });
}

void ServerConnection::resume(MonoTime now) {
  switch (std::exchange(deferred_, Deferred::kNone)) {
    case Deferred::kNone: break;
    case Deferred::kEnd:
      if (receiver_) receiver_->on_data({}, true);
      end_exchange_if_complete();
      break;
    case Deferred::kReset:
      meter_.stop();
      if (auto* receiver = std::exchange(receiver_, nullptr)) {
        receiver->on_reset(ResetReason::kProtocolError, deferred_details_);
      }
      break;
  }
  if (in_ == In::kClosed) return stored_.clear();
  if (!stored_.empty()) stored_.resume([&](std::string_view input) { return consume(input, now); });
  if (end_pending_ && in_ != In::kClosed && !paused_) input_ended();
}

bool ServerConnection::has_stored_input() const {
  if (deferred_ != Deferred::kNone) return true;
  if (in_ == In::kClosed || !runnable()) return false;
  return end_pending_ || (!stored_.empty() && !starved_);
}

// Whether the state can take input at all.
bool ServerConnection::runnable() const {
  switch (in_) {
    case In::kHead: return output_.size() <= options_.high_watermark;  // a peer that never reads asks no more
    case In::kBody:
    case In::kTunnel: return !paused_;
    case In::kDrain: return true;
    case In::kUndecided:
    case In::kComplete:
    case In::kClosed: return false;
  }
  return false;
}

bool ServerConnection::wants_input() const {
  if (in_ == In::kClosed || end_pending_) return false;
  // While an exchange waits for its response, one read of what follows is stored: a close must be noticed.
  bool waiting = in_ == In::kComplete || in_ == In::kUndecided;
  return waiting ? stored_.empty() : runnable();
}

size_t ServerConnection::consume(std::string_view input, MonoTime now) {
  size_t used = 0;
  while (used < input.size() && (runnable() || in_ == In::kUndecided)) {
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
size_t ServerConnection::step(std::string_view input, MonoTime now) {
  switch (in_) {
    case In::kHead: return read_head(input, now);
    case In::kBody: return read_body(input);
    case In::kDrain: return drain_body(input);
    case In::kTunnel:
      meter_.received(input.size());
      receiver_->on_data(input, false);
      return input.size();
    case In::kUndecided:
      if (!connect_) return 0;
      owner_.count(CodecCounter::kEarlyDataOnConnect);
      refuse_body({400, "http1.early_data_on_connect"});
      return input.size();
    case In::kComplete:
    case In::kClosed: break;
  }
  return 0;
}

// RFC 9112 section 2.2: one empty line before the request line, and no more, is let pass.
size_t ServerConnection::skip_empty_line(std::string_view input) {
  if (line_skipped_ || !input.starts_with("\r\n")) return 0;
  line_skipped_ = true;
  return 2;
}

size_t ServerConnection::read_head(std::string_view input, MonoTime now) {
  if (size_t skipped = skip_empty_line(input)) return skipped;
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
  line_skipped_ = false;
  deadline_ = MonoTime::max();
  auto arena = std::make_unique<Arena>();
  auto* head = arena->make<RequestHead>(*arena);
  Framing framing;
  refusal = parse_request_head(input.substr(0, size), options_, *arena, *head, framing);
  if (!refusal && head->method_id == Method::kConnect && size < input.size()) {
    owner_.count(CodecCounter::kEarlyDataOnConnect);
    refusal = {400, "http1.early_data_on_connect"};
  }
  if (refusal) {
    refuse(refusal);
    return input.size();
  }
  begin_exchange(std::move(arena), *head, framing, size);
  return size;
}

void ServerConnection::begin_exchange(std::unique_ptr<Arena> arena, RequestHead& head, const Framing& framing,
                                      size_t size) {
  for (uint32_t i = 0; i < framing.dropped_with_underscores; ++i) {
    owner_.count(CodecCounter::kHeadersWithUnderscoresDropped);
  }
  keep_alive_ = keep_alive_ && framing.keep_alive;
  request_version_ = head.version;
  head_request_ = head.method_id == Method::kHead;
  connect_ = head.method_id == Method::kConnect;
  expects_continue_ = head.expect_continue;
  protocol_ = head.protocol;
  arena_ = arena.get();
  head_size_ = size;
  paused_ = false;
  drained_ = 0;
  out_ = Out::kHead;
  bool end = false;
  if (connect_ || !protocol_.empty()) {
    in_ = In::kUndecided;
  } else if (framing.body != BodyKind::kNone) {
    in_ = In::kBody;
    decoder_.start(framing.body, framing.length, options_.max_head_bytes);
  } else {
    in_ = In::kComplete;
    end = true;
  }
  uint32_t serial = ++serial_;
  RequestReceiver& receiver = handler_.on_request(*this, head, std::move(arena), end);
  if (serial == serial_) receiver_ = &receiver;
}

void ServerConnection::count_bytes(StreamBytes& bytes) {
  meter_.start(bytes);
  meter_.head_received(head_size_);
}

size_t ServerConnection::read_body(std::string_view input) {
  char scratch[BodyDecoder::Scratch::extent];
  BodyDecoder::Step step = decoder_.decode(input, BodyDecoder::Scratch(scratch));
  if (step.refusal) {
    refuse_body(step.refusal);
    return input.size();
  }
  expects_continue_ = false;
  meter_.received(step.used);
  deliver(step);
  return step.used;
}

void ServerConnection::deliver(const BodyDecoder::Step& step) {
  if (step.done) in_ = In::kComplete;
  if (!step.trailers.empty()) {
    owner_.count(CodecCounter::kTrailers);
    auto* trailers = arena_->make<HeaderList>(*arena_);
    FieldRules rules{options_.max_headers, options_.underscores};
    if (Refusal refusal = parse_trailers(step.trailers, rules, *trailers)) return refuse_body(refusal);
    if (options_.enable_trailers && !trailers->empty()) {
      uint32_t serial = serial_;
      if (!step.data.empty()) receiver_->on_data(step.data, false);
      if (serial == serial_) receiver_->on_trailers(*trailers);
      return end_exchange_if_complete();
    }
  }
  if (!step.data.empty() || step.done) receiver_->on_data(step.data, step.done);
  end_exchange_if_complete();
}

// What is left of the request after an early response: never handed on, never taken for a request.
size_t ServerConnection::drain_body(std::string_view input) {
  char scratch[BodyDecoder::Scratch::extent];
  BodyDecoder::Step step = decoder_.decode(input, BodyDecoder::Scratch(scratch));
  drained_ += step.used;
  if (step.refusal || drained_ > options_.max_drain_bytes) {
    close(step.refusal ? step.refusal.reason : std::string_view());
    return input.size();
  }
  if (step.done) {
    in_ = In::kComplete;
    end_exchange_if_complete();
  }
  return step.used;
}

void ServerConnection::receive_end(bool failed, MonoTime) {
  if (in_ == In::kClosed) return;
  if (failed) return abort(ResetReason::kConnectionClosed, "http1.connection_failed");
  bool input_first = (in_ == In::kBody || in_ == In::kTunnel) && paused_;
  if (input_first) {
    end_pending_ = true;
    return;
  }
  input_ended();
}

void ServerConnection::input_ended() {
  end_pending_ = false;
  switch (in_) {
    case In::kTunnel:
      in_ = In::kComplete;
      keep_alive_ = false;
      receiver_->on_data({}, true);
      return end_exchange_if_complete();
    case In::kBody: return abort(ResetReason::kConnectionClosed, "http1.closed_in_request");
    case In::kUndecided:
    case In::kComplete: return abort(ResetReason::kConnectionClosed, "http1.remote_disconnect");
    case In::kHead:
    case In::kDrain:
    case In::kClosed: return close();
  }
}

// --- output ----------------------------------------------------------------------------------------------------

void ServerConnection::send_informational(uint16_t status, const HeaderList& headers) {
  if (out_ != Out::kHead || request_version_ == Version::kHttp10 || status == 101) return;
  if (status == 100) expects_continue_ = false;
  WrittenFraming framing;
  framing.omit_content_length = true;
  framing.proper_case = options_.proper_case_headers;
  const size_t before = output_.size();
  write_response_head(output_, status, headers, framing);
  meter_.head_sent(output_.size() - before);
  owner_.wake();
}

// RFC 9112 section 6: how this response tells its end; sets up the encoder.
// False when the headers contradict themselves.
bool ServerConnection::frame_response(const ResponseHead& head, bool end, WrittenFraming& framing) {
  const Header* length_field = head.headers.find(HeaderId::kContentLength);
  auto length = parse_decimal<uint64_t>(length_field ? length_field->value : "0");
  if (!length || (length_field && head.headers.count(HeaderId::kContentLength) != 1)) return false;
  bool bodyless = head.status == 204 || head.status == 304 || head_request_;
  if (bodyless) {
    framing.omit_content_length = head.status == 204;
    encoder_.start(SentBody::kDiscarded);
  } else if (length_field) {
    encoder_.start(SentBody::kLength, *length);
  } else if (end) {
    framing.zero_length = true;
    encoder_.start(SentBody::kLength, 0);
  } else if (request_version_ == Version::kHttp10) {
    keep_alive_ = false;
    encoder_.start(SentBody::kRaw);
  } else {
    framing.chunked = true;
    encoder_.start(SentBody::kChunked);
  }
  // A request that goes on after its response, and which we will not read to the end, closes the connection.
  if (in_ == In::kBody) {
    bool too_long = decoder_.kind() == BodyKind::kLength && decoder_.remaining() > options_.max_drain_bytes;
    if (end && (too_long || expects_continue_)) keep_alive_ = false;
  }
  if (!keep_alive_)
    framing.connection = ConnectionField::kClose;
  else if (request_version_ == Version::kHttp10)
    framing.connection = ConnectionField::kKeepAlive;
  return true;
}

void ServerConnection::send_response(const ResponseHead& head, bool end) {
  if (out_ != Out::kHead) return;
  if (head.status < 200 && head.status != 101) return send_informational(head.status, head.headers);
  bool upgraded = head.status == 101 && !protocol_.empty() && in_ == In::kUndecided;
  bool connected = connect_ && head.status >= 200 && head.status < 300;
  WrittenFraming framing;
  framing.proper_case = options_.proper_case_headers;
  if (upgraded || connected) {
    framing.omit_content_length = true;
    if (upgraded) {
      framing.connection = ConnectionField::kUpgrade;
      framing.upgrade = protocol_;
    }
    encoder_.start(SentBody::kRaw);
  } else if (head.status == 101 || !frame_response(head, end, framing)) {
    return write_failed_response();
  }
  const size_t before = output_.size();
  if (!write_response_head(output_, head.status, head.headers, framing)) {
    return write_failed_response();
  }
  meter_.head_sent(output_.size() - before);
  out_ = Out::kBody;
  starved_ = false;
  if (upgraded || connected) {
    in_ = In::kTunnel;
  } else if (in_ == In::kUndecided) {  // the request ends here: what follows is the next one
    in_ = In::kComplete;
    deferred_ = Deferred::kEnd;
  }
  if (end && !encoder_.write(output_, {}, true)) return write_failed_response();
  response_sent(end);
}

void ServerConnection::send_data(std::string_view data, bool end) {
  if (out_ != Out::kBody) return;
  const size_t before = output_.size();
  if (!encoder_.write(output_, data, end)) return write_failed_response();
  meter_.sent(output_.size() - before);
  response_sent(end);
}

void ServerConnection::send_trailers(const HeaderList& trailers) {
  if (out_ != Out::kBody) return;
  const size_t before = output_.size();
  if (!encoder_.write_trailers(output_, trailers, options_.enable_trailers, options_.proper_case_headers)) {
    return write_failed_response();
  }
  meter_.head_sent(output_.size() - before);
  response_sent(true);
}

void ServerConnection::response_sent(bool end) {
  if (output_.size() > options_.high_watermark) above_watermark_ = true;
  if (end) {
    out_ = Out::kDone;
    end_exchange_if_complete();
  }
  owner_.wake();
}

// The response cannot be sent as it was given: the client must not take it for complete.
void ServerConnection::write_failed_response() {
  bool nothing_sent = out_ == Out::kHead;
  deferred_ = Deferred::kReset;
  deferred_details_ = nothing_sent ? "http1.invalid_response_head" : "http1.response_length_mismatch";
  if (nothing_sent) write_error_response(502);
  close(deferred_details_);
}

void ServerConnection::end_exchange_if_complete() {
  if (out_ != Out::kDone || in_ != In::kComplete || deferred_ != Deferred::kNone) return;
  receiver_ = nullptr;
  meter_.stop();
  arena_ = nullptr;
  protocol_ = {};
  ++serial_;
  if (!keep_alive_) return close();
  in_ = In::kHead;
  out_ = Out::kIdle;
  deadline_ = MonoTime::max();
  starved_ = false;
  owner_.wake();
}

void ServerConnection::reset(ResetReason reason) {
  if (in_ == In::kClosed && deferred_ == Deferred::kNone) return;
  receiver_ = nullptr;
  meter_.stop();
  deferred_ = Deferred::kNone;
  ++serial_;
  if (in_ == In::kClosed) return;
  if (out_ != Out::kDone || reason != ResetReason::kNone || in_ == In::kTunnel) return close();
  if (in_ == In::kComplete) return end_exchange_if_complete();
  bool too_long = decoder_.kind() == BodyKind::kLength && decoder_.remaining() > options_.max_drain_bytes;
  if (too_long || expects_continue_) return close();
  in_ = In::kDrain;
  paused_ = false;
  starved_ = false;
  owner_.wake();
}

void ServerConnection::pause_reading(bool paused) {
  paused_ = paused;
  if (!paused) owner_.wake();
}

void ServerConnection::output_drained(MonoTime now) {
  if (in_ == In::kDrain && deadline_ == MonoTime::max() && options_.head_timeout != kNever) {
    deadline_ = now + options_.head_timeout;
  }
  if (!above_watermark_ || output_.size() >= options_.high_watermark / 2) return;
  above_watermark_ = false;
  if (receiver_ && out_ == Out::kBody) receiver_->on_writable();
  owner_.wake();
}

// --- the end ---------------------------------------------------------------------------------------------------

void ServerConnection::shut_down(MonoTime) {
  keep_alive_ = false;
  if (in_ == In::kHead && stored_.empty()) close();
}

void ServerConnection::on_time(MonoTime now) {
  if (now < deadline_) return;
  deadline_ = MonoTime::max();
  if (in_ == In::kHead) {
    owner_.count(CodecCounter::kHeaderTimeout);
    refuse({408, "request_header_timeout"});
  } else if (in_ == In::kDrain) {
    close("http1.drain_timeout");
  }
}

// A message that never became a request.
void ServerConnection::refuse(const Refusal& refusal) {
  owner_.count(refusal.status == 431 ? CodecCounter::kHeadersTooLarge : CodecCounter::kBadRequest);
  if (refusal.reason == "http1.unexpected_underscore") {
    owner_.count(CodecCounter::kHeadersWithUnderscoresRejected);
  }
  close(refusal.reason);
  if (!refusals_) {
    write_error_response(refusal.status);
    return handler_.on_malformed(refusal.status, refusal.reason);
  }
  Arena arena;
  RefusalAnswer answer = refusals_->answer_malformed(refusal.status, refusal.reason, arena);
  write_error_head(answer.head->status, answer.head->headers, refusal.status);
  output_.append(answer.body);
}

// The body of a request is malformed, or something came where nothing may.
void ServerConnection::refuse_body(const Refusal& refusal) {
  owner_.count(CodecCounter::kBadRequest);
  if (out_ == Out::kHead) write_error_response(refusal.status);
  abort(ResetReason::kProtocolError, refusal.reason);
}

void ServerConnection::write_error_response(uint16_t status) {
  Arena arena;
  HeaderList headers(arena);
  write_error_head(status, headers, status);
}

void ServerConnection::write_error_head(uint16_t status, const HeaderList& headers, uint16_t reason) {
  WrittenFraming framing;
  framing.zero_length = !headers.has(HeaderId::kContentLength);
  framing.connection = ConnectionField::kClose;
  if (reason == 426) {  // RFC 9110 section 15.5.22: Upgrade is required, and not hop-by-hop for our own answer
    framing.connection = ConnectionField::kCloseAndUpgrade;
    framing.upgrade = "HTTP/1.1";
  }
  framing.proper_case = options_.proper_case_headers;
  write_response_head(output_, status, headers, framing);
}

void ServerConnection::abort(ResetReason reason, std::string_view details) {
  RequestReceiver* receiver = std::exchange(receiver_, nullptr);
  meter_.stop();
  deferred_ = Deferred::kNone;
  close(details);
  if (receiver) receiver->on_reset(reason, details);
}

void ServerConnection::close(std::string_view error) {
  if (in_ == In::kClosed) return;
  in_ = In::kClosed;
  out_ = Out::kDone;
  error_ = error;
  end_pending_ = false;
  deadline_ = MonoTime::max();
  ++serial_;
  owner_.wake();
}

}  // namespace proa::http::h1
