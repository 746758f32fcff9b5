// The listeners of one worker: those in force, and those that drain.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "proxy/listener.h"

namespace proa::proxy {

/// One worker thread, except construction.
class WorkerListeners {
 public:
  /// `drain_time`: how long the connections of a listener that is removed or replaced may take to finish.
  WorkerListeners(WorkerContext& worker, Milliseconds drain_time) : worker_(worker), drain_time_(drain_time) {}

  void add(std::shared_ptr<const ListenerConfig> config, std::vector<net::Fd> sockets);
  void update(std::shared_ptr<const ListenerConfig> config);
  /// Stops accepting and drains; gone when its last connection is, which the drain time ends.
  void remove(const std::string& name);
  void stop_accepting(Traffic traffic);
  /// The listener for connections that were meant for `address`: of that address, or of every address with that port.
  /// Null: none.
  Listener* of_destination(const net::Address& address) const;
  /// One of `turns_left` turns in which every connection is told to end; see Listener::drain_share.
  void drain_share(size_t turns_left, Traffic traffic);
  void close_all();
  size_t connections(Traffic traffic = Traffic::kAll);
  WorkerContext& worker() { return worker_; }

 private:
  void drain(std::unique_ptr<Listener> listener);
  void index_addresses();

  WorkerContext& worker_;
  const Milliseconds drain_time_;
  std::map<std::string, std::unique_ptr<Listener>> active_;
  std::unordered_map<net::Address, Listener*> by_address_;
  std::vector<std::unique_ptr<Listener>> draining_;
};

}  // namespace proa::proxy
