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
#include "upstream/tcp_connector.h"

namespace proa::proxy {

class Exchange;
class TcpStream;

/// A time-out of the attempt's own.
enum class AttemptTimeout : uint8_t { kNone, kPerTry, kPerTryIdle, kMaxDuration };

/// Made in the exchange's arena by serve.cc, one after the other. After cancel(), failed() or the end of the
/// response it is inert: no event reaches the exchange any more.
class Attempt final : public upstream::PoolWaiter, public upstream::TcpWaiter, public http::ResponseReceiver {
 public:
  Attempt(Exchange& exchange, upstream::HostRef host);
  ~Attempt() override;

  /// Asks the pool for a connection; Exchange::attempt_ready or attempt_failed follow, perhaps at once.
  void start(upstream::HttpPool& pool);
  /// The same for a tunnel that ends here: asks for a plain connection. `preamble` goes first; it lives in the
  /// exchange's arena.
  void start_tcp(upstream::WorkerCluster& cluster, std::shared_ptr<const upstream::TransportOptions> options,
                 upstream::RoutingPriority priority, std::string_view preamble);
  /// Gives up: leaves the pool's queue or resets the stream.
  void cancel();

  http::ClientStream* stream() { return stream_; }
  upstream::Host& host() const { return *host_; }

  // How it ended, for retries and replies.
  bool failed() const { return failed_; }
  http::ResetReason reset_reason() const { return reset_reason_; }
  upstream::PoolFailure pool_failure() const { return pool_failure_; }
  std::string_view failure_details() const { return failure_details_; }
  AttemptTimeout timed_out() const { return timed_out_; }
  /// The connection was lost before the server can have started on the request: replaying is no retry.
  bool replayable() const { return replayable_; }
  http::ResponseHead* response() { return response_; }
  bool response_end() const { return response_end_; }
  bool request_sent() const { return request_sent_; }
  /// The client may have something of it, if only a 1xx: another attempt could contradict that.
  bool answering() const { return response_ || informed_; }
  /// The host has it, or will.
  bool under_way() const { return stream_ || waiting(); }
  /// Neither answered nor failed yet.
  bool running() const { return !failed_ && !response_ && under_way(); }
  /// Its time is over and it goes on, because the route hedges; it has been sent the whole request.
  bool slow() const { return slow_; }
  /// Another one was started beside it: it has had its retry.
  bool hedged() const { return hedged_; }
  void set_hedged() { hedged_ = true; }
  /// Null until there is one; valid while there is a stream.
  upstream::Connection* connection() { return connection_; }
  void set_request_sent() { request_sent_ = true; }
  /// Runs while the upstream has the whole request and has not begun to answer; kNever: off.
  void start_per_try_timer(net::Loop& loop, Milliseconds timeout) { timer_.start(loop, timeout); }
  /// The time-outs that run as long as there is a connection.
  void start_timers(net::Loop& loop, Milliseconds idle, Milliseconds duration);
  /// A byte has gone either way.
  void touch() {
    if (idle_timeout_ != kNever) restart_idle_timer();
  }

  // upstream::PoolWaiter
  void on_ready(upstream::Connection& connection) override;
  // upstream::TcpWaiter
  void on_connected(std::unique_ptr<upstream::TcpConnection> connection) override;
  // both
  void on_failed(upstream::PoolFailure failure, std::string_view details) override;
  // http::ResponseReceiver
  void on_informational(http::ResponseHead& head) override;
  void on_response(http::ResponseHead& head, bool end) override;
  void on_data(std::string_view data, bool end) override;
  void on_trailers(http::HeaderList& trailers) override;
  void on_reset(http::ResetReason reason, std::string_view details) override;
  void on_writable() override;

 private:
  void on_per_try_timeout() { run_out(AttemptTimeout::kPerTry); }
  void on_idle() { run_out(AttemptTimeout::kPerTryIdle); }
  void on_max_duration() { end_by(AttemptTimeout::kMaxDuration); }
  void run_out(AttemptTimeout timeout);
  void end_by(AttemptTimeout timeout);
  void stop_timers();
  void restart_idle_timer();
  void end_stream();
  void count_reset(http::ResetReason reason);

  Exchange& exchange_;
  upstream::HostRef host_;
  http::ClientStream* stream_ = nullptr;
  upstream::Connection* connection_ = nullptr;
  std::unique_ptr<TcpStream> tcp_;  ///< null but for a tunnel that ends here
  std::string_view preamble_;
  http::ResponseHead* response_ = nullptr;
  http::ResetReason reset_reason_ = http::ResetReason::kNone;
  upstream::PoolFailure pool_failure_{};
  std::string_view failure_details_;
  bool failed_ = false;
  AttemptTimeout timed_out_ = AttemptTimeout::kNone;
  bool replayable_ = false;
  bool response_end_ = false;
  bool request_sent_ = false;
  bool reused_connection_ = false;
  bool http2_ = false;
  bool informed_ = false;  ///< a 1xx came
  bool slow_ = false;
  bool hedged_ = false;
  Milliseconds idle_timeout_ = kNever;
  net::Timer timer_;  // per try
  net::Timer idle_timer_;
  net::Timer duration_timer_;
};

}  // namespace proa::proxy
