#include "grpc/call.h"

namespace proa::grpc {

void Call::start(const CallOptions& options) {
  arena_ = std::make_unique<Arena>();
  frames_ = FrameReader(options.max_message);
  state_ = State::kWaiting;
  request_ = arena_->make<http::RequestHead>(*arena_);
  request_->method = "POST";
  request_->method_id = http::Method::kPost;
  request_->scheme = arena_->copy(options.scheme);
  request_->authority = arena_->copy(options.authority);
  request_->path = arena_->copy(options.path);
  request_->version = http::Version::kHttp2;
  request_->wants_trailers = true;  // "te: trailers": proxies that do not know trailers refuse at once
  request_->headers.add("content-type", "application/grpc");
  if (options.timeout.count() >= 0) {
    request_->headers.add("grpc-timeout", http::format_grpc_timeout(options.timeout, *arena_));
  }
  for (const auto& [name, value] : options.metadata) {
    request_->headers.add(arena_->copy(name), arena_->copy(value));
  }
  opener_.open(*this, *arena_, *this);
}

void Call::on_stream(http::ClientStream& stream) {
  stream_ = &stream;
  state_ = State::kOpen;
  stream.send_request(*request_, false);
  if (!unsent_.empty() || ended_sending_) {
    stream.send_data(unsent_, ended_sending_);
    sent_end_ = ended_sending_;
    unsent_ = {};
  }
  observer_.on_open();
}

void Call::on_no_stream(std::string_view reason) { finish({Code::kUnavailable, std::string(reason)}, nullptr); }

void Call::send(std::string_view message, bool end) {
  ended_sending_ = ended_sending_ || end;
  if (state_ == State::kIdle || state_ == State::kWaiting) return append_frame(message, false, unsent_);
  if (state_ != State::kOpen || sent_end_) return;
  char header[kFrameHeader];
  write_frame_header(message.size(), false, header);
  stream_->send_data({header, kFrameHeader}, false);
  stream_->send_data(message, end);
  sent_end_ = end;
}

void Call::finish_sending() {
  ended_sending_ = true;
  if (state_ != State::kOpen || std::exchange(sent_end_, true)) return;
  stream_->send_data({}, true);
}

void Call::cancel() {
  State before = std::exchange(state_, State::kFinished);
  if (before == State::kWaiting) opener_.cancel(*this);
  if (before == State::kOpen) stream_->reset(http::ResetReason::kLocalReset);
  stream_ = nullptr;
}

void Call::on_response(http::ResponseHead& head, bool end) {
  http_status_ = head.status;
  is_grpc_ = http::is_grpc(head.headers);
  got_end_ = end;
  if (end) return finish_with(head.headers);  // trailers-only
  if (head.status != 200 || !is_grpc_) {
    return fail(http::grpc_status_of_http(head.status), "HTTP status " + std::to_string(head.status) +
                                                            (is_grpc_ ? "" : " without content-type application/grpc"));
  }
  observer_.on_headers(head.headers);
}

void Call::on_data(std::string_view data, bool end) {
  got_end_ = end;
  bool refused = false;
  auto state = frames_.push(data, [&](std::string_view message, bool compressed) {
    refused = refused || compressed;
    if (!refused && state_ == State::kOpen) observer_.on_message(message);  // it may cancel
  });
  if (state_ != State::kOpen) return;
  if (refused) return fail(Code::kInternal, "compressed message, but no grpc-encoding was offered");
  if (state == FrameReader::State::kTooLarge) return fail(Code::kResourceExhausted, "message over the limit");
  if (state == FrameReader::State::kBadFlag) return fail(Code::kInternal, "bad message flag");
  if (end) fail(Code::kInternal, "response ended without trailers");
}

void Call::on_trailers(http::HeaderList& trailers) {
  got_end_ = true;
  if (!frames_.at_boundary()) return fail(Code::kInternal, "response ended inside a message");
  finish_with(trailers);
}

void Call::finish_with(const http::HeaderList& trailers) {
  const http::Header* code = trailers.find("grpc-status");
  CallStatus status;
  if (code) {
    status.code = http::parse_grpc_status(code->value).value_or(Code::kUnknown);
    if (const http::Header* message = trailers.find("grpc-message")) {
      status.message = http::grpc_message_decode(message->value, *arena_);
    }
  } else {
    status.code = http_status_ == 200 ? Code::kUnknown : http::grpc_status_of_http(http_status_);
    status.message = "HTTP status " + std::to_string(http_status_) + " without grpc-status";
  }
  finish(status, &trailers);
}

void Call::on_reset(http::ResetReason reason, std::string_view details) {
  stream_ = nullptr;
  Code code = reason == http::ResetReason::kProtocolError ? Code::kInternal : Code::kUnavailable;
  finish({code, std::string(details)}, nullptr);
}

void Call::fail(Code code, std::string message) { finish({code, std::move(message)}, nullptr); }

void Call::finish(const CallStatus& status, const http::HeaderList* trailers) {
  if (state_ == State::kFinished) return;
  state_ = State::kFinished;
  // A server may answer before we have said all: then the stream is still ours to end.
  if (stream_ && !(got_end_ && sent_end_)) stream_->reset(http::ResetReason::kLocalReset);
  stream_ = nullptr;
  observer_.on_finished(status, trailers);
}

}  // namespace proa::grpc
