// Request mirroring: copies of a request for other clusters, whose answers nobody reads (Envoy: shadowing).
//
//   MirrorSet   the copies of one request, fed by its exchange
//   Mirror      one copy: its own head, its own bounded body, one stream
//   Mirrors     those under way on a worker
//
// A mirror never pauses the client and never fails the request: what its cluster does not take in time is bounded by
// the buffer limit, and above that the copy is given up.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/list.h"
#include "http/stream.h"
#include "net/loop.h"
#include "net/timer.h"
#include "observe/stream_info.h"
#include "route/forward.h"
#include "route/rewrite.h"
#include "upstream/pool.h"
#include "upstream/worker_cluster.h"

namespace proa::upstream {
class Clusters;
}

namespace proa::proxy {

struct CopySpan;
class Mirror;
class RequestTrace;

/// Owns a worker's mirrors. On its thread; destroyed before the clusters.
class Mirrors {
 public:
  ~Mirrors();
  bool empty() const { return list_.empty(); }

 private:
  friend class Mirror;
  List<Mirror> list_;
};

class Mirror final : private upstream::PoolWaiter,
                     private http::ResponseReceiver,
                     public net::Deferred,
                     public ListLink<> {
 public:
  struct Options {
    Milliseconds timeout = kNever;  ///< of the whole copy
    size_t buffer_limit = 0;
    bool end = false;  ///< the head is all
  };
  Mirror(Mirrors& owner, net::Loop& loop, std::unique_ptr<Arena> arena, http::RequestHead& head,
         const Options& options);
  ~Mirror() override;

  /// Its span; null: it has none.
  void trace(std::unique_ptr<CopySpan> span);
  /// Asks `cluster` for a connection; may be over before it returns.
  void start(upstream::WorkerCluster& cluster, const net::ConnectionInfo& client);
  /// False when the copy was given up because of its size.
  bool send(std::string_view data, bool end);
  void send_trailers(const http::HeaderList& trailers);
  /// The exchange is over. A copy that is complete goes on by itself.
  void release();

 private:
  friend class Mirrors;
  void on_ready(upstream::Connection& connection) override;
  void on_failed(upstream::PoolFailure failure, std::string_view details) override;
  void on_informational(http::ResponseHead&) override {}
  void on_response(http::ResponseHead& head, bool end) override;
  void on_data(std::string_view data, bool end) override;
  void on_trailers(http::HeaderList& trailers) override;
  void on_reset(http::ResetReason reason, std::string_view details) override;
  void on_writable() override { flush(); }
  void on_timeout();
  void flush();
  void count(uint16_t status);
  void fail(uint16_t status, observe::ResponseFlag why);
  void end_span();
  void abandon(http::ResetReason reason);
  void finish();

  Mirrors& owner_;
  net::Loop& loop_;
  std::unique_ptr<Arena> arena_;
  http::RequestHead& head_;
  const size_t buffer_limit_;
  const Milliseconds timeout_;
  std::shared_ptr<upstream::Cluster> cluster_;
  upstream::HostRef host_;
  http::ClientStream* stream_ = nullptr;
  Buffer body_;  // what the stream has not taken
  const http::HeaderList* trailers_ = nullptr;
  std::unique_ptr<CopySpan> span_;
  observe::ResponseFlags flags_;
  http::Version version_{};
  uint16_t status_ = 0;
  net::Timer timer_;
  bool end_;               // all of the request has been received
  bool sent_end_ = false;  // and sent
  bool fed_ = true;        // an exchange holds this
  bool over_ = false;
};

/// The mirrors of one request. In the exchange's arena.
class MirrorSet {
 public:
  struct Context {
    Mirrors& mirrors;
    net::Loop& loop;
    upstream::Clusters& clusters;
    const observe::StreamInfo& info;
    const RequestTrace* trace;  ///< null: no tracing
    const route::Runtime* runtime;
    size_t buffer_limit;
    bool envoy_headers;
  };
  /// Null when no policy takes this request.
  static MirrorSet* start(const Context& context, const route::Route& route, const route::Timeouts& timeouts,
                          const http::RequestHead& request, bool end, Arena& arena);

  /// False when one was given up because of its size.
  bool send(std::string_view data, bool end);
  void send_trailers(const http::HeaderList& trailers);
  /// The request is over: see Mirror::release. Once.
  void release();

 private:
  std::vector<Mirror*> mirrors_;
};

/// "host-shadow:port" of "host:port".
std::string shadow_authority(std::string_view authority);

}  // namespace proa::proxy
