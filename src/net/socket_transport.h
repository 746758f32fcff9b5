// A non-blocking TCP or Unix stream socket on a loop, edge-triggered and registered once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/fd.h"
#include "net/socket_options.h"
#include "net/transport.h"

namespace proa::net {

struct ConnectOptions {
  Milliseconds timeout{kNever};
  Address source{};          // bound before connecting when set; port 0 lets the kernel choose at connect
  bool transparent = false;  // the source is not one of ours
  std::optional<KeepAlive> keep_alive{};
  std::optional<uint32_t> mark{};  // SO_MARK, needs CAP_NET_ADMIN
  std::vector<SocketOption> options{};
};

/// The socket is watched for everything from the start, so neither reading nor writing ever calls epoll_ctl. The
/// price is the rule of TransportObserver::on_readable: an edge is told once, so a reader that stops before
/// `drained` (to hold back the sender) must call read() again by itself when it goes on.
class SocketTransport final : public Transport, private EventSource {
 public:
  /// Starts to connect; on_connected() or on_connect_failed() follows in a later turn. An error that the kernel knows
  /// at once (no route, bad source, a Unix socket that nobody listens on) is returned.
  static Result<std::unique_ptr<SocketTransport>> connect(Loop& loop, const Address& to, const ConnectOptions& options);
  /// Takes over a connected, non-blocking socket. Its listener has set TCP_NODELAY: accepted sockets inherit it.
  static Result<std::unique_ptr<SocketTransport>> adopt(Loop& loop, Fd fd, const Address& remote);
  ~SocketTransport() override { close(); }

  IoResult read(char* to, size_t size) override;
  IoResult writev(std::span<const iovec> pieces) override;
  void end_follows() override { more_ = true; }
  void shutdown_write() override;
  void close(bool reset = false) override;
  bool open() const override { return static_cast<bool>(fd_); }
  Loop& loop() override { return loop_; }

  /// As read(), but the bytes stay: for inspectors. `drained` is always true: on_readable() comes with new bytes.
  IoResult peek(char* to, size_t size);
  bool connecting() const { return connecting_; }
  int fd() const { return fd_.get(); }
  /// Gives the socket away, to another loop or program; the transport is closed.
  Fd release();

 private:
  SocketTransport(Loop& loop, Fd fd);
  Status watch();
  void on_events(uint32_t events) override;
  bool finish_connect();
  void fail_connect(std::string reason);
  void on_connect_timeout();

  Loop& loop_;
  Fd fd_;
  WatchId watch_;
  bool connecting_ = false;
  bool ended_ = false;                    // the kernel has told of an end or error: a short read does not mean drained
  bool want_write_ = false;               // the last write was cut: tell of room
  bool hung_up_ = false;                  // on_hangup() has been called
  bool more_ = false;                     // the kernel may keep what is written for the FIN to come
  std::unique_ptr<Timer> connect_timer_;  // only while connecting: an idle connection should be small
};

}  // namespace proa::net
