// The old process's part of a hot restart: gives its listening sockets to the next one, and drains when that serves.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/fd.h"
#include "net/loop.h"
#include "proxy/server.h"

namespace proa::cli {

/// A listening socket on its way to the next process.
struct PassedSocket {
  enum class Purpose : uint8_t { kRestart, kAdmin, kListener };
  Purpose purpose = Purpose::kListener;
  std::string address;  ///< as Address::to_string() gives it
  net::Fd fd;
};

/// What the next process asks for once it serves.
struct Succession {
  proxy::DrainPlan drain;
  pid_t successor = 0;
};

/// Main thread. Serves one successor at a time; one that goes away before it serves has changed nothing.
class RestartPredecessor final {
 public:
  struct Role {
    uint32_t epoch = 0;
    MonoTime first_started{};                              ///< of the first process of the row
    uid_t user = 0;                                        ///< who may take over
    std::function<std::vector<PassedSocket>()> sockets{};  ///< copies, without the socket of the restart itself
    std::function<void(const Succession&)> succeeded{};    ///< closes the admin listener and begins to drain
  };
  /// `socket`: of open_restart_socket, or what the process before handed over.
  static Result<std::unique_ptr<RestartPredecessor>> make(net::Loop& loop, net::Fd socket, Role role);
  ~RestartPredecessor();

  /// A successor has said that it serves.
  bool succeeded() const { return succeeded_; }

 private:
  /// One descriptor whose events become a call.
  class Watched final : private net::EventSource {
   public:
    Watched(net::Loop& loop, std::function<void()> on_ready) : loop_(loop), on_ready_(std::move(on_ready)) {}
    ~Watched() { close(); }
    Status open(net::Fd fd);
    void close();
    int fd() const { return fd_.get(); }
    explicit operator bool() const { return bool{fd_}; }

   private:
    void on_events(uint32_t) override { on_ready_(); }
    net::Loop& loop_;
    std::function<void()> on_ready_;
    net::Fd fd_;
    net::WatchId id_;
  };

  RestartPredecessor(net::Loop& loop, Role role);
  void on_connection();
  void on_message();
  Status give_sockets();
  Status step_down(std::string_view message);

  net::Loop& loop_;
  Role role_;
  Watched socket_;
  Watched successor_;
  bool succeeded_ = false;
};

}  // namespace proa::cli
