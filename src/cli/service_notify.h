// Tells systemd how the service is: the messages of sd_notify(3) over $NOTIFY_SOCKET, without its library.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "net/address.h"
#include "net/fd.h"

namespace proa::cli {

/// Main thread. Without $NOTIFY_SOCKET nothing is said. A message that cannot be sent is lost, as systemd would have it.
class ServiceNotify {
 public:
  /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and removes the last one: a process that this one starts in a
  /// hot restart is the one to be watched then. Before any thread. Fails for a socket address that is none.
  static Result<ServiceNotify> from_environment();

  void ready() const { send("READY=1"); }
  /// `now`: of the steady clock, by which systemd tells this reload from an earlier one.
  void reloading(MonoTime now) const;
  void stopping() const { send("STOPPING=1"); }
  void alive() const { send("WATCHDOG=1"); }
  /// Another process is the service from now on; said by the one that was.
  void main_process(pid_t pid) const;
  /// How often to say alive(): half of what systemd waits. Empty: it does not ask.
  std::optional<Milliseconds> alive_interval() const { return alive_interval_; }

 private:
  void send(std::string_view message) const;

  net::Address address_;
  net::Fd socket_;
  std::optional<Milliseconds> alive_interval_;
};

}  // namespace proa::cli
