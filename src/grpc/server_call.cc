#include "grpc/server_call.h"

#include <utility>

#include "http/grpc_status.h"

namespace proa::grpc {

ServerCall::ServerCall(net::Loop& loop, std::shared_ptr<const net::ConnectionInfo> peer, http::ServerStream& stream,
                       http::RequestHead& head, std::unique_ptr<Arena> arena, size_t max_message, bool end)
    : loop_(loop),
      peer_(std::move(peer)),
      arena_(std::move(arena)),
      stream_(&stream),
      head_(head),
      frames_(max_message),
      deadline_(net::Timer::of<&ServerCall::on_deadline>(this)),
      request_ended_(end) {}

// The handler first: it may still look at the call.
ServerCall::~ServerCall() { handler_.reset(); }

void ServerCall::start(std::unique_ptr<CallHandler> handler) {
  handler_ = std::move(handler);
  if (finished()) return;
  if (!handler_) return finish({Code::kUnimplemented, "nothing answers " + std::string(path())});
  if (const http::Header* timeout = head_.headers.find(http::HeaderId::kGrpcTimeout)) {
    auto parsed = http::parse_grpc_timeout(timeout->value);
    if (!parsed) return cancel({Code::kInternal, "malformed grpc-timeout"});
    deadline_.start(loop_, *parsed);
  }
  if (request_ended_) half_close();
}

void ServerCall::on_data(std::string_view data, bool end) {
  request_ended_ = request_ended_ || end;
  bool compressed_one = false;
  const FrameReader::State state = frames_.push(data, [&](std::string_view message, bool compressed) {
    compressed_one = compressed_one || compressed;
    if (!compressed_one && !finished()) handler_->on_message(message);
  });
  if (finished()) return;
  if (compressed_one) return cancel({Code::kUnimplemented, "compressed messages are not supported"});
  if (state == FrameReader::State::kTooLarge) {
    return cancel({Code::kResourceExhausted, "message over the limit of this server"});
  }
  if (state == FrameReader::State::kBadFlag) return cancel({Code::kInternal, "bad message flag"});
  if (end) half_close();
}

void ServerCall::on_trailers(http::HeaderList&) {
  request_ended_ = true;
  if (!finished()) half_close();
}

void ServerCall::half_close() {
  if (!frames_.at_boundary()) return cancel({Code::kInternal, "request ended inside a message"});
  handler_->on_half_close();
}

void ServerCall::on_reset(http::ResetReason reason, std::string_view details) {
  stream_ = nullptr;
  if (finished()) return;
  state_ = State::kFinished;
  const Code code = reason == http::ResetReason::kConnectionClosed ? Code::kUnavailable : Code::kCancelled;
  if (handler_) handler_->on_cancelled({code, std::string(details)});
  retire();
}

void ServerCall::on_writable() {
  if (!finished()) handler_->on_writable();
}

void ServerCall::on_deadline() { cancel({Code::kDeadlineExceeded, "deadline exceeded"}); }

void ServerCall::cancel(const CallStatus& status) {
  if (finished()) return;
  state_ = State::kFinished;
  if (handler_) handler_->on_cancelled(status);
  send_status(status);
}

void ServerCall::finish(const CallStatus& status) {
  if (finished()) return;
  state_ = State::kFinished;
  send_status(status);
}

void ServerCall::pause_reading(bool paused) {
  if (!finished() && stream_) stream_->pause_reading(paused);
}

void ServerCall::send_head() {
  if (std::exchange(head_sent_, true)) return;
  auto* head = arena_->make<http::ResponseHead>(*arena_);
  head->status = 200;
  head->version = http::Version::kHttp2;
  head->headers.add(http::HeaderId::kContentType, "application/grpc");
  stream_->send_response(*head, false);
}

void ServerCall::send(std::string_view message) {
  if (finished() || !stream_) return;
  send_head();
  char header[kFrameHeader];
  write_frame_header(message.size(), false, header);
  stream_->send_data({header, kFrameHeader}, false);
  stream_->send_data(message, false);
}

void ServerCall::send_status(const CallStatus& status) {
  auto add = [&](http::HeaderList& to) {
    to.add(http::HeaderId::kGrpcStatus, http::grpc_status_text(status.code));
    if (status.message.empty()) return;
    to.add(http::HeaderId::kGrpcMessage, http::grpc_message_encode(arena_->copy(status.message), *arena_));
  };
  if (head_sent_) {
    auto* trailers = arena_->make<http::HeaderList>(*arena_);
    add(*trailers);
    stream_->send_trailers(*trailers);
  } else {
    auto* head = arena_->make<http::ResponseHead>(*arena_);
    head->status = 200;
    head->version = http::Version::kHttp2;
    head->headers.add(http::HeaderId::kContentType, "application/grpc");
    if (status.code == Code::kUnimplemented) head->headers.add("grpc-accept-encoding", "identity");
    add(head->headers);
    stream_->send_response(*head, true);
  }
  // Both ends are said, and the codec has forgotten us; else it is told that the rest of the request is not wanted.
  http::ServerStream* stream = std::exchange(stream_, nullptr);
  if (!request_ended_) stream->reset(http::ResetReason::kNone);
  retire();
}

// Never destroyed inside a call of the codec or the handler.
void ServerCall::retire() {
  deadline_.stop();
  unlink();
  loop_.defer_delete(std::unique_ptr<net::Deferred>(this));
}

}  // namespace proa::grpc
