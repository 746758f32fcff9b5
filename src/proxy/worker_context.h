// What a worker lends to the connections on it: its loop, clusters, random numbers.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/list.h"
#include "base/random.h"
#include "net/loop.h"

namespace proa::route {
class Runtime;
}
namespace proa::upstream {
class Clusters;
}

namespace proa::proxy {

class Mirrors;
class SpanExporters;

/// Counts one connection against a limit for as long as it lives; any thread.
class ConnectionTicket {
 public:
  explicit ConnectionTicket(std::shared_ptr<std::atomic<int64_t>> counter) : counter_(std::move(counter)) {}
  ~ConnectionTicket() { counter_->fetch_sub(1, std::memory_order_relaxed); }
  ConnectionTicket(const ConnectionTicket&) = delete;
  ConnectionTicket& operator=(const ConnectionTicket&) = delete;
  /// Null when `limit` connections are there already; limit 0: none.
  static std::shared_ptr<ConnectionTicket> take(const std::shared_ptr<std::atomic<int64_t>>& counter, int64_t limit);

 private:
  std::shared_ptr<std::atomic<int64_t>> counter_;
};

/// The places that one connection takes: under its listener's limit and the process's.
struct ConnectionTickets {
  std::shared_ptr<ConnectionTicket> listener;
  std::shared_ptr<ConnectionTicket> process;
};

/// What all workers share, written by the main thread before they start.
struct SharedContext {
  upstream::Clusters* clusters = nullptr;
  std::shared_ptr<std::atomic<int64_t>> connections = std::make_shared<std::atomic<int64_t>>(0);
  std::atomic<int64_t> connection_limit{0};  ///< of the whole process; 0: none
  std::atomic<bool> announce_close{false};   ///< health checks fail: clients are asked to go elsewhere
};

/// One per worker thread; everything on that thread. Outlives its connections.
class WorkerContext {
 public:
  /// `number` tells workers apart in stream ids.
  WorkerContext(net::Loop& loop, SharedContext& shared, uint64_t number, uint64_t seed);
  ~WorkerContext();
  net::Loop& loop() { return loop_; }
  upstream::Clusters& clusters() { return *shared_.clusters; }
  uint64_t random() { return random_.next(); }
  /// Unique in the process.
  uint64_t next_stream_id() { return ++stream_id_; }
  bool announce_close() const { return shared_.announce_close.load(std::memory_order_relaxed); }
  const route::Runtime* runtime() const { return runtime_.get(); }
  void set_runtime(std::shared_ptr<const route::Runtime> runtime) { runtime_ = std::move(runtime); }
  /// Made on first use; on the worker's thread.
  SpanExporters& span_exporters();
  /// Made on first use; on the worker's thread.
  Mirrors& mirrors();
  /// Ends calls of our own, before the clusters go. On the worker's thread.
  void close();
  /// False when the process has as many connections as it may.
  std::shared_ptr<ConnectionTicket> take_global_ticket();

 private:
  net::Loop& loop_;
  SharedContext& shared_;
  std::shared_ptr<const route::Runtime> runtime_;
  Random random_;
  uint64_t stream_id_;
  std::unique_ptr<SpanExporters> span_exporters_;
  std::unique_ptr<Mirrors> mirrors_;
};

}  // namespace proa::proxy
