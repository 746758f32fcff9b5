// Listening sockets, and the accept loop of one worker.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "net/address.h"
#include "net/fd.h"
#include "net/loop.h"
#include "net/socket_options.h"

namespace proa::net {

struct ListenOptions {
  int backlog = 4096;  // the kernel caps it at net.core.somaxconn
  bool reuse_port = true;
  bool v6_only = true;  // [::] with false also takes IPv4
  bool transparent = false;
  bool free_bind = false;
  std::optional<uint32_t> fast_open_queue{};  // TCP_FASTOPEN
  std::optional<mode_t> unix_mode{};          // of the path, which is replaced when no one listens on it
  std::optional<KeepAlive> keep_alive{};      // inherited by accepted sockets
  std::vector<SocketOption> options{};        // applied before bind
};

/// A bound, listening, non-blocking socket. Each worker opens its own (SO_REUSEPORT). With port 0 ask local_address.
Result<Fd> listen_on(const Address& address, const ListenOptions& options);
/// Bound and not yet listening: connections are refused by the kernel until start_listening.
Result<Fd> bind_socket(const Address& address, const ListenOptions& options);
Status start_listening(int fd, const ListenOptions& options);
/// Takes over a listening socket of another process; fails when it is not one, or not for `address`.
Result<Fd> adopt_listener(Fd fd, const Address& address);
/// Whether more sockets may listen on its port: SO_REUSEPORT.
bool shares_port(int fd);

/// What an acceptor tells its listener.
class AcceptHandler {
 public:
  /// Asked for each new connection; false closes it at once (connection limits). The handler counts.
  virtual bool admit() { return true; }
  /// A non-blocking, close-on-exec connected socket.
  virtual void on_accept(Fd fd, const Address& remote) = 0;
  /// The process or system is out of descriptors: one connection was dropped and accepting pauses for 100 ms.
  virtual void on_exhausted() {}

 protected:
  ~AcceptHandler() = default;
};

/// Accepts on one loop. Only on the loop's thread. The handler must outlive it, and may destroy it in a callback.
class Acceptor final : private EventSource {
 public:
  static constexpr uint32_t kDefaultPerEvent = 16;
  static constexpr Milliseconds kBackOff{100};

  /// Starts accepting. At most `per_event` connections are taken in one turn, so that a burst of new ones does not
  /// hold up those that exist.
  static Result<std::unique_ptr<Acceptor>> make(Loop& loop, Fd listener, AcceptHandler& handler,
                                                uint32_t per_event = kDefaultPerEvent);
  ~Acceptor();
  /// New connections wait in the kernel's backlog until resume().
  void pause();
  void resume();
  bool paused() const { return paused_; }
  int fd() const { return listener_.get(); }
  /// The bound address, with the port that the kernel chose.
  const Address& local() const { return local_; }
  /// Gives the listening socket away.
  Fd release();

 private:
  Acceptor(Loop& loop, Fd listener, AcceptHandler& handler, uint32_t per_event);
  void on_events(uint32_t events) override;
  void exhausted();
  void back_off_over() { update(); }
  void update();

  Loop& loop_;
  Fd listener_;
  Fd reserve_;  // given up to be able to accept, and so drop, one connection when descriptors have run out
  AcceptHandler& handler_;
  uint32_t per_event_;
  bool paused_ = false;
  WatchId watch_;
  Address local_;
  Timer back_off_;
  std::shared_ptr<bool> destroyed_ = std::make_shared<bool>(false);
};

}  // namespace proa::net
