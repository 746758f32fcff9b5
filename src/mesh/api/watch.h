// watch: calls that are told of each change. Who takes slowly is told of the newest state alone.
#pragma once

#include <memory>

#include "base/list.h"
#include "grpc/services.h"
#include "mesh/api/object_view.h"

namespace proa::mesh {

/// On the thread of the server, the feed and the store. Outlives its calls.
class Watchers {
 public:
  explicit Watchers(const ObjectView& view) : view_(view) {}

  /// What answers a call of Watch.
  std::unique_ptr<grpc::CallHandler> open(grpc::ServerCall& call);
  void tell(const WorldChange& change);

 private:
  class Watch;
  const ObjectView view_;
  List<Watch> watches_;
};

}  // namespace proa::mesh
