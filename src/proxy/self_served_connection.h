// A connection that nobody upstream hears of: it gets a fixed answer (direct_response) or its own bytes (echo).
#pragma once

#include <memory>
#include <optional>

#include "base/list.h"
#include "net/timer.h"
#include "net/transport.h"
#include "proxy/byte_pipe.h"
#include "proxy/filter_chain.h"
#include "proxy/worker_context.h"

namespace proa::proxy {

class Listener;

/// Owned by itself, linked to its listener. One worker thread.
class SelfServedConnection final : public net::TransportObserver,
                                   public net::EndOfTurn,
                                   public net::Deferred,
                                   public ListLink<> {
 public:
  /// `chain` has `self_served`.
  static void start(Listener& listener, std::unique_ptr<net::Transport> transport,
                    std::shared_ptr<const FilterChain> chain, ConnectionTickets ticket);
  void close();

  // net::TransportObserver
  void on_readable() override { pump(); }
  void on_writable() override { pump(); }
  void on_hangup() override { close(); }
  // net::EndOfTurn
  void run() override { pump(); }

 private:
  SelfServedConnection(Listener& listener, std::unique_ptr<net::Transport> transport,
                       std::shared_ptr<const FilterChain> chain, ConnectionTickets ticket);
  void pump();
  void echo();
  void answer();
  void await_end();

  Listener& listener_;
  net::Loop& loop_;
  std::shared_ptr<const FilterChain> chain_;
  ConnectionTickets ticket_;
  std::unique_ptr<net::Transport> transport_;
  std::optional<BytePipe> pipe_;  ///< of an echo: from the transport into itself
  size_t sent_ = 0;               ///< bytes of the answer
  bool told_end_ = false;
  bool closed_ = false;
  MonoTime started_;
  net::Timer linger_;
};

}  // namespace proa::proxy
