// Streams to a cluster for calls of our own (gRPC services, collectors), from the pools of the calling worker.
#pragma once

#include <string>

#include "grpc/call.h"
#include "upstream/pool.h"

namespace proa::upstream {

class Clusters;

/// On its worker's thread, one stream opened at a time. The cluster is looked up for each stream: it may come, go and
/// be replaced meanwhile.
class ClusterStreams final : public grpc::StreamOpener, private PoolWaiter {
 public:
  /// `http2`: for a cluster that takes the downstream's protocol; others have their own.
  ClusterStreams(Clusters& clusters, std::string cluster, bool http2)
      : clusters_(clusters), cluster_(std::move(cluster)), http2_(http2) {}

  void open(http::ResponseReceiver& receiver, Arena& arena, Waiter& waiter) override;
  void cancel(Waiter& waiter) override;
  /// False when there is no such cluster now.
  bool cluster_exists();
  const std::string& cluster() const { return cluster_; }

 private:
  void on_ready(Connection& connection) override;
  void on_failed(PoolFailure failure, std::string_view details) override;

  Clusters& clusters_;
  std::string cluster_;
  bool http2_;
  http::ResponseReceiver* receiver_ = nullptr;
  Arena* arena_ = nullptr;
  Waiter* waiter_ = nullptr;  // null: no stream is being opened
};

}  // namespace proa::upstream
