#include "upstream/cluster_streams.h"

#include "upstream/clusters.h"
#include "upstream/connection.h"
#include "upstream/http_pool.h"
#include "upstream/worker_cluster.h"

namespace proa::upstream {

bool ClusterStreams::cluster_exists() { return clusters_.find(cluster_) != nullptr; }

void ClusterStreams::open(http::ResponseReceiver& receiver, Arena& arena, Waiter& waiter) {
  WorkerCluster* cluster = clusters_.find(cluster_);
  if (!cluster) return waiter.on_no_stream("no such cluster");
  LbContext context;
  context.now = cluster->loop().now();
  HostRef host = cluster->choose(context);
  if (!host) return waiter.on_no_stream("no healthy upstream");
  receiver_ = &receiver;
  arena_ = &arena;
  waiter_ = &waiter;
  const http::Version version = http2_ ? http::Version::kHttp2 : http::Version::kHttp11;
  PoolKey key;
  key.protocol = pool_protocol(cluster->cluster().http(), version);
  if (HttpPool* pool = cluster->http_pool(*host, key)) return pool->acquire(*this);
  on_failed(PoolFailure::kOverflow, "overflow");
}

void ClusterStreams::cancel(Waiter& waiter) {
  if (waiter_ != &waiter) return;
  waiter_ = nullptr;
  PoolWaiter::cancel();
}

void ClusterStreams::on_ready(Connection& connection) {
  http::ClientStream& stream = connection.open(*receiver_, *arena_);
  std::exchange(waiter_, nullptr)->on_stream(stream);
}

void ClusterStreams::on_failed(PoolFailure, std::string_view details) {
  std::exchange(waiter_, nullptr)->on_no_stream(details);
}

}  // namespace proa::upstream
