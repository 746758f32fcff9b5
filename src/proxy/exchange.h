// One request and its response: the object behind the story in serve.cc.
//
//   exchange.cc  plumbing: events of the client's stream, filter interface, timers, end
//   serve.cc     the story: accept, filter, route, choose, forward, answer
//   retry.cc     what follows an attempt: another one, or the answer
//   relay.cc     both bodies, with back-pressure
//   hedge.cc     several attempts at a time
//   internal_redirect.cc  the hop to a successor, which serves the same stream again
//   upgrades.cc  what is different for upgrades and CONNECT
//   attempt.h    one try at one upstream host
//
// Lives in its own arena from the request's head until both directions are over; then it is logged, counted and
// freed at the end of the turn. One worker thread. Nothing here is shared.
#pragma once

#include <array>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/list.h"
#include "filters/exchange.h"
#include "filters/filter.h"
#include "http/stream.h"
#include "net/loop.h"
#include "net/task.h"
#include "observe/stream_info.h"
#include "proxy/attempt.h"
#include "proxy/connection_manager.h"
#include "proxy/request_trace.h"
#include "proxy/signals.h"
#include "proxy/tried_hosts.h"
#include "route/hash_policy.h"
#include "route/request_stats.h"
#include "route/retry_policy.h"
#include "route/rewrite.h"
#include "route/route_table.h"

namespace proa::proxy {

class DownstreamConnection;
class MirrorSet;

class Exchange final : public filters::Exchange, public http::MessageReceiver, public ListLink<> {
 public:
  /// Starts serving; may answer before it returns. Owned by itself.
  static Exchange& start(DownstreamConnection& connection, http::ServerStream& stream, http::RequestHead& head,
                         std::unique_ptr<Arena> arena, bool end);
  Exchange(DownstreamConnection& connection, http::ServerStream& stream, http::RequestHead& head, bool end);
  ~Exchange() override;

  // filters::Exchange
  http::RequestHead& request() override { return request_; }
  observe::StreamInfo& info() override { return info_; }
  Arena& arena() override { return *arena_; }
  net::Loop& loop() override { return loop_; }
  upstream::Clusters& clusters() override;
  const route::Route* route() override;
  void clear_route() override;
  const route::PerFilterConfig* per_filter(const filters::Filter& filter) override;
  void*& slot(const filters::Filter& filter) override { return slots_[filter.index()]; }
  std::shared_ptr<void>& connection_slot(uint64_t key) override;
  void respond(const filters::LocalReply& reply) override;
  void resume() override;
  void limit_request_buffer(size_t bytes) override;
  bool request_complete() const override { return request_end_; }
  size_t buffered_request_bytes() const override { return body_.size(); }

  // http::MessageReceiver: what the client sends after the head.
  void on_data(std::string_view data, bool end) override;
  void on_trailers(http::HeaderList& trailers) override;
  void on_reset(http::ResetReason reason, std::string_view details) override;
  void on_writable() override;

  // From the attempt under way.
  /// `version`: nothing for plain TCP.
  void attempt_ready(Attempt& attempt, const net::ConnectionInfo& connection, std::optional<http::Version> version);
  void attempt_failed(Attempt& attempt);
  void attempt_slow(Attempt& attempt);
  void attempt_informational(Attempt& attempt, http::ResponseHead& head);
  void attempt_response(Attempt& attempt, http::ResponseHead& head, bool end);
  void attempt_data(Attempt& attempt, std::string_view data, bool end);
  void attempt_trailers(Attempt& attempt, http::HeaderList& trailers);
  void attempt_writable();

  const ConnectionManager& manager() const { return *manager_; }

 private:
  friend class Attempt;

  // serve.cc
  net::Detached serve();
  bool choose_cluster();
  void note_cluster(const route::Route& route);
  void prepare_upstream_request();
  void start_mirrors();
  bool start_attempt();
  bool no_upstream();
  upstream::RoutingPriority priority() const;
  const upstream::SubsetCriteria* subset_criteria();
  void give_up();
  bool follow_redirect();
  void note_virtual_cluster(const route::Route& route);
  bool in_maintenance();
  void refuse_overloaded(filters::LocalReply reply);

  // retry.cc
  /// What comes after the outcome of an attempt.
  enum class Step : uint8_t {
    kAnswer,   ///< the response, or the failure
    kWait,     ///< for the time of another attempt, or for the outcome of one under way
    kAttempt,  ///< another one
  };
  Step judge_outcome();
  bool try_again();
  bool wants_retry(Attempt& attempt) const;
  void replay();
  void prepare_retry(Attempt& attempt);
  bool take_retry();
  void release_retry();
  void count_retry();
  void stop_retrying();
  void report_outcome(Attempt& attempt);

  // upgrades.cc
  bool wants_upgrade() const { return request_.method_id == http::Method::kConnect || !request_.protocol.empty(); }
  bool upgrade_allowed(const route::Forward& forward) const;
  bool would_pass_for_upgraded(const http::ResponseHead& head) const;
  bool ends_tunnel() const;
  std::string_view tunnel_preamble();

  // relay.cc
  void filter_request_data(Buffer& data);
  void forward_request_data(std::string_view data);
  void request_body_grew();
  void mirror(std::string_view data);
  void mirror(const Buffer& data);
  void count_abandoned_copy();
  void stop_keeping_body();
  void drop_sent_body();
  void push_request_body();
  void pause_client_unless_writable();
  void pause_client(bool paused);
  void start_response(http::ResponseHead& head, bool end);
  void send_response_data(std::string_view data, bool end);
  void filter_response_data(Buffer& data, bool end);
  void pause_upstream(bool paused);
  void finish_response();

  // hedge.cc
  bool hedges() const { return timeouts_.hedge_on_per_try; }
  bool look_at(Attempt& attempt);
  bool give_way();
  void drop_others();

  // internal_redirect.cc
  std::string_view spoken_scheme() const;
  bool may_redirect(const http::ResponseHead& response, const std::optional<route::RedirectTarget>& target);
  Exchange* make_successor(const http::ResponseHead& response);
  void inherit(Exchange& before);

  // exchange.cc
  bool over() const { return finished_ || local_reply_ || !down_; }
  bool filter_enabled(const filters::Filter& filter);
  void prepare_filters();
  void touch() {
    if (idle_timeout_ != kNever) idle_timer_.start(loop_, idle_timeout_);
  }
  void on_request_complete();
  void send_request(Attempt& attempt);
  void start_route_timer();
  bool body_complete_for_replay() const { return keep_body_ || (body_sent_ == 0 && !request_body_dropped_); }
  bool request_sent_completely() const { return request_sent_completely_; }
  void note_host(const upstream::Host& host);
  void note_connection(const net::ConnectionInfo& info, std::optional<http::Version> version);
  void note_upgrade();
  void prepare_upstream_response(http::ResponseHead& head);
  void count_upstream_response();
  /// For the virtual cluster and the route, as far as they count.
  void count(route::RequestStat stat) {
    for (observe::StatGroup* stats : also_count_) {
      if (stats) stats->add(stat);
    }
  }
  void count_attempt_timeout(const Attempt& attempt);
  void report_cut_short(Attempt& attempt);
  /// Of a response, or of the answer that stands in for the one that did not come.
  void count_upstream_status(uint16_t status);
  void count_upstream_status(observe::StatGroup& stats, uint16_t status);
  void send_continue();
  void on_idle();
  void on_request_timeout();
  void on_route_timeout();
  void on_max_duration();
  void on_back_off() { signals_.set(Signal::kBackoff); }
  void respond_timeout(filters::LocalReply reply);
  uint16_t timeout_status() const { return alternative_timeout_ ? 204 : 504; }
  void drop_attempt();
  void finish();

  DownstreamConnection& connection_;
  net::Loop& loop_;
  std::shared_ptr<const ConnectionManager> manager_;  ///< the one in force when the request began
  RouteSlot::Table routes_;                           ///< likewise
  std::unique_ptr<Arena> arena_;
  http::ServerStream* down_;  ///< null once the client's stream is gone
  http::RequestHead& request_;
  observe::StreamInfo info_;
  net::Address client_address_;
  RequestTrace* trace_ = nullptr;  ///< null: no tracer is configured

  // Routing.
  const route::Route* route_ = nullptr;
  const route::Forward* forward_ = nullptr;
  std::string_view cluster_name_;
  upstream::WorkerCluster* cluster_ = nullptr;       ///< valid while an attempt is under way
  std::array<observe::StatGroup*, 2> also_count_{};  ///< the virtual cluster's and the route's; null: there is none
  std::optional<uint64_t> hash_;
  route::NewCookie hash_cookie_;
  bool route_known_ = false;

  // Filters.
  void** slots_ = nullptr;   ///< one per filter
  bool* enabled_ = nullptr;  ///< null: all are
  size_t request_position_ = 0;
  bool filters_passed_ = false;
  bool filtering_data_ = false;  ///< inside filter_request_data: resume() waits until the data is in body_
  bool resume_after_data_ = false;

  // The request's body: what no upstream has taken yet and, while a retry is possible, all of it.
  Buffer body_;
  size_t body_sent_ = 0;  ///< bytes of body_ that the present attempt has
  size_t buffer_limit_;
  size_t keep_limit_ = 0;  ///< above it, the body is not kept for another try
  http::HeaderList* request_trailers_ = nullptr;
  bool keep_body_ = false;
  bool request_body_dropped_ = false;  ///< sent bytes are gone: no replay
  bool hard_limit_ = false;            ///< a filter set the limit: more is 413, not back-pressure
  bool request_end_;
  bool request_sent_completely_ = false;
  bool request_held_ = false;  ///< not sent before its end: see attempt_ready
  bool client_paused_ = false;

  // The upstream side.
  Attempt* attempt_ = nullptr;    ///< the newest, or the one whose outcome was looked at last
  std::vector<Attempt*> others_;  ///< earlier ones that go on: see hedge.cc
  MirrorSet* mirrors_ = nullptr;  ///< null: the request is not mirrored
  route::RequestRetry retry_;
  route::Timeouts timeouts_;
  std::string_view grpc_timeout_;     ///< as the client sent it
  bool alternative_timeout_ = false;  ///< x-envoy-upstream-rq-timeout-alt-response: 204 instead of 504
  uint32_t retries_done_ = 0;
  bool pause_asked_ = false;  ///< the response that is retried told how long
  uint32_t replays_ = 0;
  TriedHosts tried_;
  std::shared_ptr<upstream::Cluster> retry_cluster_;  ///< set while a retry counts against its breaker

  // Redirects followed inside the proxy.
  std::unique_ptr<Arena> before_;                ///< of the exchange whose stream this one serves; it has the receiver
  Exchange* successor_ = nullptr;                ///< gets the events of the stream
  route::RedirectHistory* redirects_ = nullptr;  ///< null: none was followed yet

  // The response.
  bool response_started_ = false;
  bool local_reply_ = false;
  bool upgraded_ = false;
  bool finished_ = false;

  Signals signals_;  ///< where the story waits
  Milliseconds idle_timeout_;
  net::Timer idle_timer_;
  net::Timer request_timer_;
  net::Timer route_timer_;
  net::Timer duration_timer_;
  net::Timer backoff_timer_;
};

}  // namespace proa::proxy
