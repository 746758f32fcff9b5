// One try at one upstream host: waits for a connection, then carries the request to it and its events back.
#pragma once

#include <memory>
#include <string_view>

#include "http/stream.h"
#include "net/loop.h"
#include "net/timer.h"
#include "upstream/connection.h"
#include "upstream/http_pool.h"
#include "upstream/lb/host.h"

namespace proa::proxy {

class Exchange;

/// Made in the exchange's arena by serve.cc, one after the other. After cancel(), failed() or the end of the
/// response it is inert: no event reaches the exchange any more.
class Attempt final : public upstream::PoolWaiter, public http::ResponseReceiver {
 public:
  Attempt(Exchange& exchange, upstream::HostRef host);
  ~Attempt() override;

  /// Asks the pool for a connection; Exchange::attempt_ready or attempt_failed follow, perhaps at once.
  void start(upstream::HttpPool& pool);
  /// Gives up: leaves the pool's queue or resets the stream.
  void cancel();

  http::ClientStream* stream() { return stream_; }
  upstream::Host& host() const { return *host_; }

  // How it ended, for retries and replies.
  bool failed() const { return failed_; }
  http::ResetReason reset_reason() const { return reset_reason_; }
  upstream::PoolFailure pool_failure() const { return pool_failure_; }
  std::string_view failure_details() const { return failure_details_; }
  bool timed_out() const { return timed_out_; }
  /// The connection was lost before the server can have started on the request: replaying is no retry.
  bool replayable() const { return replayable_; }
  http::ResponseHead* response() { return response_; }
  bool response_end() const { return response_end_; }
  bool request_sent() const { return request_sent_; }
  void set_request_sent() { request_sent_ = true; }
  /// Per-try time-out; runs from now.
  void start_timer(net::Loop& loop, Milliseconds timeout) { timer_.start(loop, timeout); }

  // upstream::PoolWaiter
  void on_ready(upstream::Connection& connection) override;
  void on_failed(upstream::PoolFailure failure, std::string_view details) override;
  // http::ResponseReceiver
  void on_informational(http::ResponseHead& head) override;
  void on_response(http::ResponseHead& head, bool end) override;
  void on_data(std::string_view data, bool end) override;
  void on_trailers(http::HeaderList& trailers) override;
  void on_reset(http::ResetReason reason, std::string_view details) override;
  void on_writable() override;

 private:
  void on_timeout();
  void end_stream();

  Exchange& exchange_;
  upstream::HostRef host_;
  http::ClientStream* stream_ = nullptr;
  http::ResponseHead* response_ = nullptr;
  http::ResetReason reset_reason_ = http::ResetReason::kNone;
  upstream::PoolFailure pool_failure_{};
  std::string_view failure_details_;
  bool failed_ = false;
  bool timed_out_ = false;
  bool replayable_ = false;
  bool response_end_ = false;
  bool request_sent_ = false;
  bool reused_connection_ = false;
  net::Timer timer_;
};

}  // namespace proa::proxy
