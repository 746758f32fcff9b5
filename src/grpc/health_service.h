// The health service of a gRPC server (grpc.health.v1): Check and Watch.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "grpc/health.h"
#include "grpc/services.h"

namespace proa::grpc {

/// On its loop's thread. "" is the server as a whole; any other name is a service.
class HealthService {
 public:
  HealthService();
  ~HealthService();

  void add_to(Services& services);
  /// Tells everybody who watches.
  void set(std::string service, ServingStatus status);

 private:
  class Watch;
  struct State;
  std::shared_ptr<State> state_;  // handlers that are still to be destroyed may outlive this
};

}  // namespace proa::grpc
