#include "proxy/attempt.h"

#include "proxy/exchange.h"

namespace proa::proxy {

using http::ResetReason;

Attempt::Attempt(Exchange& exchange, upstream::HostRef host)
    : exchange_(exchange), host_(std::move(host)), timer_(net::Timer::of<&Attempt::on_timeout>(this)) {}

Attempt::~Attempt() { cancel(); }

void Attempt::start(upstream::HttpPool& pool) { pool.acquire(*this); }

void Attempt::cancel() {
  timer_.stop();
  upstream::PoolWaiter::cancel();
  if (http::ClientStream* stream = std::exchange(stream_, nullptr)) stream->reset(ResetReason::kLocalReset);
}

void Attempt::on_ready(upstream::Connection& connection) {
  reused_connection_ = connection.reused();
  stream_ = &connection.open(*this, exchange_.arena());
  exchange_.attempt_ready(*this, connection);
}

void Attempt::on_failed(upstream::PoolFailure failure, std::string_view details) {
  failed_ = true;
  timer_.stop();
  pool_failure_ = failure;
  reset_reason_ = failure == upstream::PoolFailure::kOverflow ? ResetReason::kOverload : ResetReason::kConnectFailure;
  failure_details_ = exchange_.arena().copy(details);
  exchange_.attempt_failed(*this);
}

void Attempt::on_informational(http::ResponseHead& head) { exchange_.attempt_informational(head); }

void Attempt::on_response(http::ResponseHead& head, bool end) {
  timer_.stop();
  response_ = &head;
  response_end_ = end;
  if (end) end_stream();
  exchange_.attempt_response(*this, head, end);
}

void Attempt::on_data(std::string_view data, bool end) {
  if (end) end_stream();
  exchange_.attempt_data(*this, data, end);
}

void Attempt::on_trailers(http::HeaderList& trailers) {
  end_stream();
  exchange_.attempt_trailers(*this, trailers);
}

void Attempt::on_reset(ResetReason reason, std::string_view details) {
  stream_ = nullptr;
  failed_ = true;
  timer_.stop();
  reset_reason_ = reason;
  failure_details_ = details;
  replayable_ = upstream::may_replay(reason, reused_connection_, response_ != nullptr, exchange_.request().method_id);
  exchange_.attempt_failed(*this);
}

void Attempt::on_writable() { exchange_.attempt_writable(); }

void Attempt::on_timeout() {
  cancel();
  failed_ = timed_out_ = true;
  exchange_.attempt_failed(*this);
}

// The response is complete. When the request is too, the codec has forgotten the stream; otherwise it is of no
// more use: the server has answered without wanting the rest.
void Attempt::end_stream() {
  http::ClientStream* stream = std::exchange(stream_, nullptr);
  if (stream && !exchange_.request_sent_completely()) stream->reset(ResetReason::kNone);
}

}  // namespace proa::proxy
