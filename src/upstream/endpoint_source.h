// Where the endpoints of an EDS cluster come from: config/ implements it for a watched file, xds/ for a stream.
#pragma once

#include <functional>

#include "upstream/lb/endpoint.h"

namespace proa::upstream {

/// Used on the main thread only. Shared by the spec; outlives the subscription.
class EndpointSource {
 public:
  virtual ~EndpointSource() = default;
  /// Calls `push` on the main thread for the assignment that there is and each later one, never inside
  /// subscribe() or unsubscribe(). One subscription at a time.
  virtual void subscribe(std::function<void(Assignment)> push) = 0;
  virtual void unsubscribe() = 0;
};

}  // namespace proa::upstream
