#include "proxy/http_tunnel.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "upstream/connection.h"

namespace proa::proxy {

using net::IoResult;
using upstream::PoolFailure;

// --- for whoever moves the bytes ---

IoResult HttpTunnel::read(char* to, size_t size) {
  if (received_.empty()) {
    if (state_ == State::kFailed) return {.state = IoResult::State::kError, .error = ECONNRESET};
    return {.state = response_ended_ ? IoResult::State::kEof : IoResult::State::kBlocked};
  }
  size_t copied = 0;
  while (copied < size && !received_.empty()) {
    std::string_view piece = received_.front().substr(0, size - copied);
    std::memcpy(to + copied, piece.data(), piece.size());
    copied += piece.size();
    received_.drain(piece.size());
  }
  if (paused_ && stream_ && received_.size() <= limit_ / 2) {
    paused_ = false;
    stream_->pause_reading(false);
  }
  const bool more = !received_.empty() || response_ended_ || state_ == State::kFailed;
  return {.bytes = copied, .drained = !more};
}

IoResult HttpTunnel::writev(std::span<const iovec> pieces) {
  if (!stream_ || state_ != State::kOpen) return {.state = IoResult::State::kError, .error = EPIPE};
  if (!stream_->writable()) return {.state = IoResult::State::kBlocked};
  IoResult result;
  for (const iovec& piece : pieces) {
    stream_->send_data({static_cast<const char*>(piece.iov_base), piece.iov_len}, false);
    result.bytes += piece.iov_len;
  }
  return result;
}

void HttpTunnel::shutdown_write() {
  if (!stream_ || std::exchange(request_ended_, true)) return;
  stream_->send_data({}, true);
  forget_if_over();
}

void HttpTunnel::close(bool) {
  observer_ = nullptr;
  state_ = State::kClosed;
  PoolWaiter::cancel();
  received_.clear();
  if (http::ClientStream* stream = std::exchange(stream_, nullptr)) {
    stream->reset(response_ended_ ? http::ResetReason::kNone : http::ResetReason::kLocalReset);
  }
}

// --- from the upstream ---

void HttpTunnel::on_ready(upstream::Connection& connection) {
  *info_ = connection.info();
  stream_ = &connection.open(*this, arena_);
  stream_->send_request(head_, false);
}

void HttpTunnel::on_failed(PoolFailure failure, std::string_view details) {
  state_ = State::kFailed;
  failure_ = failure;
  failure_details_ = details;
  loop_.end_of_turn(*this);
}

// RFC 9110 section 9.3.6: any 2xx is a yes. One without a payload to come is none.
void HttpTunnel::on_response(http::ResponseHead& head, bool end) {
  owner_.on_answer(head);
  if (end) response_ended_ = true;
  if (head.status / 100 == 2 && !end) {
    state_ = State::kOpen;
    return loop_.end_of_turn(*this);
  }
  std::exchange(stream_, nullptr)->reset(end ? http::ResetReason::kNone : http::ResetReason::kLocalReset);
  on_failed(PoolFailure::kConnectFailure, "tunnel refused");
}

void HttpTunnel::on_data(std::string_view data, bool end) {
  received_.append(data);
  if (end) {
    end_response();
  } else if (received_.size() > limit_ && !paused_) {
    paused_ = true;
    stream_->pause_reading(true);
  }
  readable_ = true;
  loop_.end_of_turn(*this);
}

void HttpTunnel::on_trailers(http::HeaderList& trailers) {
  owner_.on_trailers(trailers);
  on_data({}, true);
}

void HttpTunnel::on_reset(http::ResetReason, std::string_view details) {
  stream_ = nullptr;
  readable_ = true;
  on_failed(PoolFailure::kConnectFailure, details);
}

void HttpTunnel::on_writable() {
  writable_ = true;
  loop_.end_of_turn(*this);
}

void HttpTunnel::end_response() {
  response_ended_ = true;
  forget_if_over();
}

void HttpTunnel::forget_if_over() {
  if (request_ended_ && response_ended_) stream_ = nullptr;  // and so has the codec
}

/// The owner may close the tunnel within each call.
void HttpTunnel::run() {
  if (!std::exchange(told_, true)) {
    return state_ == State::kOpen ? owner_.on_open() : owner_.on_failed(failure_, failure_details_);
  }
  if (std::exchange(writable_, false) && observer_) observer_->on_writable();
  if (std::exchange(readable_, false) && observer_) observer_->on_readable();
}

}  // namespace proa::proxy
