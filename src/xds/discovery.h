// What becomes of the resources of one type.
#pragma once

#include <string_view>
#include <vector>

#include "xds/observer.h"
#include "xds/source.h"

namespace proa::xds {

/// Main thread.
class Discovery {
 public:
  virtual ~Discovery() = default;
  /// As Observer::on_update().
  virtual std::vector<Rejection> on_update(Source& source, const Update& update) = 0;
  /// `name` does not exist, or has not come in time: what waits for it goes on without.
  virtual void gave_up(Source& source, std::string_view name) = 0;
};

}  // namespace proa::xds
