// Both bodies: from the client to the attempt, and from the attempt to the client. Bytes are handed on as they
// come; the faster side is paused when the slower one's buffer is above its watermark.
#include <algorithm>
#include <array>

#include "proxy/downstream_connection.h"
#include "proxy/exchange.h"
#include "proxy/mirror.h"
#include "proxy/response_headers.h"
#include "upstream/worker_cluster.h"

namespace proa::proxy {

// ---- request ----

void Exchange::on_data(std::string_view data, bool end) {
  touch();
  info_.bytes_received += data.size();
  if (end) on_request_complete();
  if (filters_passed_ && !manager_->chain.wants().request_data) return forward_request_data(data);
  Buffer buffer;
  buffer.append(data);
  filter_request_data(buffer);
}

void Exchange::on_trailers(http::HeaderList& trailers) {
  touch();
  request_trailers_ = &trailers;
  on_request_complete();
  if (manager_->chain.wants().request_trailers) {
    for (const auto& filter : manager_->chain.filters()) {
      if (filter->wants().request_trailers && filter_enabled(*filter)) filter->on_request_trailers(*this, trailers);
      if (over()) return;
    }
  }
  Buffer nothing;
  filter_request_data(nothing);
}

void Exchange::filter_request_data(Buffer& data) {
  const auto& filters = manager_->chain.filters();
  // Filters that the head has passed, and the one that made it wait.
  const size_t reached = std::min(request_position_ + 1, filters.size());
  filtering_data_ = true;
  for (size_t i = 0; i < reached && !over(); ++i) {
    if (!filters[i]->wants().request_data || !filter_enabled(*filters[i])) continue;
    filters[i]->on_request_data(*this, data, request_end_);
  }
  filtering_data_ = false;
  if (over()) return;
  if (mirrors_) mirror(data);
  body_.append(std::move(data));
  request_body_grew();
  if (!over() && std::exchange(resume_after_data_, false)) signals_.set(Signal::kFilterResumed);
}

void Exchange::mirror(std::string_view data) {
  if (!mirrors_->send(data, request_end_ && !request_trailers_)) count_abandoned_copy();
  if (request_trailers_) mirrors_->send_trailers(*request_trailers_);
}

void Exchange::mirror(const Buffer& data) {
  std::array<iovec, 64> pieces;
  std::string_view last;
  for (size_t seen = 0; seen < data.size();) {
    const size_t count = data.peek(pieces, seen);
    for (size_t i = 0; i < count; ++i) {
      if (!last.empty() && !mirrors_->send(last, false)) count_abandoned_copy();
      last = {static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len};
      seen += last.size();
    }
  }
  mirror(last);
}

/// A copy of the body, to be sent again or mirrored, would take more than it may.
void Exchange::count_abandoned_copy() { cluster_->stats().add(upstream::ClusterStat::kRetryOrShadowAbandoned); }

void Exchange::forward_request_data(std::string_view data) {
  if (mirrors_) mirror(data);
  if (request_sent_completely_) return;  // a held request went out with its end
  const bool flowing = attempt_ && attempt_->stream() && attempt_->request_sent();
  if (flowing && !keep_body_ && body_.empty()) {
    const bool end = request_end_ && !request_trailers_;
    if (end) request_sent_completely_ = true;
    request_body_dropped_ = true;
    attempt_->stream()->send_data(data, end);
    attempt_->touch();
    pause_client_unless_writable();
    return;
  }
  body_.append(data);
  request_body_grew();
}

void Exchange::request_body_grew() {
  if (body_.size() > buffer_limit_) {
    if (hard_limit_) {
      manager_->stats->add(HttpStat::kRqTooLarge);
      // The client means to send more than anybody wants.
      if (request_.version != http::Version::kHttp2) down_->close_after_response();
      return respond({.status = 413, .body = "Payload Too Large", .details = "request_payload_too_large"});
    }
  }
  if (keep_body_ && body_.size() > keep_limit_ && attempt_ && attempt_->request_sent()) stop_keeping_body();
  if (attempt_ && attempt_->stream() && attempt_->request_sent()) return push_request_body();
  if (body_.size() > buffer_limit_) pause_client(true);
}

/// A replay is no longer possible: more was received than may be kept.
void Exchange::stop_keeping_body() {
  keep_body_ = false;
  count_abandoned_copy();
}

void Exchange::drop_sent_body() {
  body_.drain(body_sent_);
  body_sent_ = 0;
  request_body_dropped_ = true;
}

void Exchange::push_request_body() {
  http::ClientStream& stream = *attempt_->stream();
  attempt_->touch();
  if (keep_body_ && body_.size() > keep_limit_) stop_keeping_body();
  std::array<iovec, 64> pieces;
  while (body_sent_ < body_.size()) {
    const size_t count = body_.peek(pieces, body_sent_);
    for (size_t i = 0; i < count; ++i) {
      const std::string_view piece(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
      body_sent_ += piece.size();
      const bool end = request_end_ && !request_trailers_ && body_sent_ == body_.size();
      if (end) request_sent_completely_ = true;
      stream.send_data(piece, end);
    }
    if (!keep_body_ && body_sent_) drop_sent_body();
  }
  if (request_end_ && !request_sent_completely_) {
    request_sent_completely_ = true;
    request_trailers_ ? stream.send_trailers(*request_trailers_) : stream.send_data({}, true);
  }
  pause_client_unless_writable();
}

void Exchange::pause_client_unless_writable() {
  pause_client(attempt_ && attempt_->stream() && !attempt_->stream()->writable());
}

void Exchange::pause_client(bool paused) {
  if (paused == client_paused_ || !down_ || request_end_) return;
  client_paused_ = paused;
  manager_->stats->add(paused ? HttpStat::kFlowControlPaused : HttpStat::kFlowControlResumed);
  down_->pause_reading(paused);
}

void Exchange::attempt_writable() {
  touch();
  pause_client(false);
}

// ---- response ----

void Exchange::attempt_informational(Attempt& attempt, http::ResponseHead& head) {
  touch();
  if (!down_ || response_started_ || !look_at(attempt)) return;
  // The client has something of this one. As Envoy, also when it was a 1xx that is kept from the client.
  drop_others();
  stop_retrying();
  count_upstream_status(head.status);
  if (head.status == 100 && !manager_->proxy_100_continue) return;  // sent by ourselves already
  manager_->stats->count_status(0, head.status);
  down_->send_informational(head.status, head.headers);
}

void Exchange::start_response(http::ResponseHead& head, bool end) {
  response_started_ = true;
  info_.response_code = head.status;
  info_.response = &head;
  if (!local_reply_) {
    info_.response_code_details = "via_upstream";
    prepare_upstream_response(head);
  }
  const filters::Chain& chain = manager_->chain;
  if (chain.wants().response && enabled_) {
    for (size_t i = chain.size(); i-- > 0;) {
      const filters::Filter& filter = *chain.filters()[i];
      if (filter.wants().response && filter_enabled(filter)) filter.on_response(*this, head, end);
      if (!down_) return;
    }
  }
  if (trace_) trace_->on_response(head, route_);
  finish_response_headers(*manager_, info_, head, loop_);
  info_.response_code = head.status;
  // After a refused CONNECT nobody can tell what the client's next bytes were meant for.
  const bool refused_connect = request_.method_id == http::Method::kConnect && head.status / 100 != 2 &&
                               request_.version != http::Version::kHttp2;
  if (!connection_.keep_alive() || refused_connect) down_->close_after_response();
  info_.response_start = loop_.now();
  down_->send_response(head, end);
  if (end) finish_response();
}

void Exchange::attempt_data(Attempt& attempt, std::string_view data, bool end) {
  if (&attempt != attempt_ || !response_started_) return;
  touch();
  send_response_data(data, end);
}

void Exchange::send_response_data(std::string_view data, bool end) {
  if (manager_->chain.wants().response_data) {
    Buffer buffer;
    buffer.append(data);
    return filter_response_data(buffer, end);
  }
  info_.bytes_sent += data.size();
  down_->send_data(data, end);
  if (end) return finish_response();
  if (!down_->writable()) pause_upstream(true);
}

void Exchange::filter_response_data(Buffer& data, bool end) {
  const filters::Chain& chain = manager_->chain;
  for (size_t i = chain.size(); i-- > 0;) {
    const filters::Filter& filter = *chain.filters()[i];
    if (filter.wants().response_data && filter_enabled(filter)) filter.on_response_data(*this, data, end);
    if (!down_) return;
  }
  while (!data.empty()) {
    std::string_view piece = data.front();
    info_.bytes_sent += piece.size();
    down_->send_data(piece, end && piece.size() == data.size());
    data.drain(piece.size());
    if (data.empty() && end) return finish_response();
  }
  if (end) {
    down_->send_data({}, true);
    return finish_response();
  }
  if (!down_->writable()) pause_upstream(true);
}

void Exchange::attempt_trailers(Attempt& attempt, http::HeaderList& trailers) {
  if (&attempt != attempt_ || !response_started_) return;
  touch();
  info_.response_trailers = &trailers;
  const filters::Chain& chain = manager_->chain;
  if (chain.wants().response_trailers) {
    for (size_t i = chain.size(); i-- > 0;) {
      const filters::Filter& filter = *chain.filters()[i];
      if (filter.wants().response_trailers && filter_enabled(filter)) filter.on_response_trailers(*this, trailers);
      if (!down_) return;
    }
  }
  down_->send_trailers(trailers);
  finish_response();
}

void Exchange::on_writable() {
  if (successor_) return successor_->on_writable();
  touch();
  pause_upstream(false);
}

void Exchange::pause_upstream(bool paused) {
  if (attempt_ && attempt_->stream()) attempt_->stream()->pause_reading(paused);
}

void Exchange::finish_response() {
  if (!request_end_ && down_) {
    // The client is still sending what nobody wants any more.
    std::exchange(down_, nullptr)->reset(http::ResetReason::kNone);
  }
  down_ = nullptr;
  finish();
}

}  // namespace proa::proxy
