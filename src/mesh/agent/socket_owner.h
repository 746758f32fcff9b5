// Whose sockets are: rules that redirect connections to the proxy leave those of the proxy's user alone, and the agent, which
// may be root, has to speak past a proxy that does not run yet.
#pragma once

#include <sys/fsuid.h>

#include <optional>

#include "mesh/agent/child_process.h"

namespace proa::mesh {

/// While it lives, sockets that this thread makes belong to `user`, and it opens files as that user. Only root can be
/// somebody else; for others, and without a user, nothing changes.
class SocketOwner {
 public:
  explicit SocketOwner(const std::optional<ProcessUser>& user) {
    if (!user) return;
    group_before_ = static_cast<gid_t>(::setfsgid(user->gid));
    before_ = static_cast<uid_t>(::setfsuid(user->uid));
  }
  ~SocketOwner() {
    if (!before_) return;
    ::setfsuid(*before_);
    ::setfsgid(*group_before_);
  }
  SocketOwner(const SocketOwner&) = delete;
  SocketOwner& operator=(const SocketOwner&) = delete;

 private:
  std::optional<uid_t> before_;
  std::optional<gid_t> group_before_;
};

}  // namespace proa::mesh
