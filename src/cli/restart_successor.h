// The new process's part of a hot restart: takes the listening sockets of the old one, and sends it away.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "net/fd.h"
#include "proxy/server.h"

namespace proa::cli {

/// Calls wait for the old process, ten seconds at most. Destroyed before step_in(), it leaves the old one serving.
class RestartSuccessor {
 public:
  /// Connects to the process of that base id, which `user` must own, and takes what it has.
  static Result<RestartSuccessor> take_over(uint32_t base_id, uid_t user);

  uint32_t epoch() const { return epoch_; }  ///< of the old process
  Milliseconds age() const { return age_; }  ///< since the first process of the row started
  proxy::InheritedSockets listeners() { return std::move(listeners_); }
  net::Fd restart_socket() { return std::move(restart_socket_); }
  /// The admin listener's, when the old process had one at that address.
  net::Fd admin_socket(const std::string& address);

  /// This process serves: the old one drains as planned. When this returns its admin listener is closed.
  Status step_in(const proxy::DrainPlan& plan);

 private:
  Status read_hello(size_t& sockets);
  Status read_sockets(size_t count);

  net::Fd connection_;
  uint32_t epoch_ = 0;
  Milliseconds age_{0};
  proxy::InheritedSockets listeners_;
  std::string admin_address_;
  net::Fd admin_socket_;
  net::Fd restart_socket_;
};

}  // namespace proa::cli
