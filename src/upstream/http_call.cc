#include "upstream/http_call.h"

namespace proa::upstream {

void HttpCall::start(const HttpCallOptions& options, std::string body, Done done) {
  arena_ = std::make_unique<Arena>();
  body_ = std::move(body);
  done_ = std::move(done);
  response_ = nullptr;
  response_body_.clear();
  keep_body_ = options.keep_body;
  status_ = 0;
  state_ = State::kWaiting;
  head_ = arena_->make<http::RequestHead>(*arena_);
  head_->method = arena_->copy(options.method);
  head_->method_id = http::method_of(head_->method);
  head_->scheme = arena_->copy(options.scheme);
  head_->authority = arena_->copy(options.authority);
  head_->path = arena_->copy(options.path);
  for (const auto& [name, value] : options.headers) head_->headers.add(arena_->copy(name), arena_->copy(value));
  head_->headers.set(http::HeaderId::kContentLength, arena_->copy(std::to_string(body_.size())));
  opener_.open(*this, *arena_, *this);
}

void HttpCall::cancel() {
  const State before = std::exchange(state_, State::kIdle);
  if (before == State::kWaiting) opener_.cancel(*this);
  if (before == State::kOpen) stream_->reset(http::ResetReason::kLocalReset);
  stream_ = nullptr;
}

void HttpCall::on_stream(http::ClientStream& stream) {
  stream_ = &stream;
  state_ = State::kOpen;
  stream.send_request(*head_, body_.empty());
  if (!body_.empty()) stream.send_data(std::exchange(body_, {}), true);
}

void HttpCall::on_response(http::ResponseHead& head, bool end) {
  status_ = head.status;
  response_ = &head;
  if (end) finish(status_, {});
}

void HttpCall::on_data(std::string_view data, bool end) {
  response_body_.append(data.substr(0, keep_body_ - response_body_.size()));
  if (end) finish(status_, {});
}

void HttpCall::on_trailers(http::HeaderList&) { finish(status_, {}); }

void HttpCall::on_reset(http::ResetReason, std::string_view details) { finish(0, details); }

// The request was sent whole before the response began, so the codec has forgotten the stream by now.
void HttpCall::finish(uint16_t status, std::string_view failure) {
  state_ = State::kIdle;
  stream_ = nullptr;
  auto done = std::exchange(done_, nullptr);
  if (done) done(status, failure);
}

}  // namespace proa::upstream
