// The statistics of the process itself, "server." and "listener_manager.", brought up to date when they are read.
#pragma once

#include "admin/context.h"
#include "observe/stats.h"

namespace proa::admin {

/// Main thread.
class ServerStats {
 public:
  /// `context` outlives this.
  explicit ServerStats(const AdminContext& context);
  /// Looks at everything again.
  void update();

 private:
  const AdminContext& context_;
  observe::StatGroup server_;
  observe::StatGroup listener_manager_;
};

}  // namespace proa::admin
