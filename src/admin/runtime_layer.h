// The runtime's admin layer: values set by hand, over those of the configuration.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "proxy/server.h"
#include "route/fraction.h"

namespace proa::admin {

/// Main thread. A reload of the configuration forgets the values, as a restart does.
class RuntimeLayer {
 public:
  using Values = std::map<std::string, std::string, std::less<>>;

  /// Sets values; an empty one takes a key back. Returns what is in force now.
  std::shared_ptr<const route::Runtime> change(const proxy::Server& server, const Values& values);
  /// Of the configuration in force; empty after a reload.
  const Values& values(const proxy::Server& server);
  /// What workers use now; may be null.
  std::shared_ptr<const route::Runtime> in_force(const proxy::Server& server);

 private:
  void forget_if_reloaded(const proxy::Server& server);

  std::shared_ptr<const route::Runtime> base_;  // that of the snapshot when values were last set
  std::shared_ptr<const route::Runtime> over_;  // null: nothing is set
  Values values_;
};

}  // namespace proa::admin
