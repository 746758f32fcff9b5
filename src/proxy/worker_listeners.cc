#include "proxy/worker_listeners.h"

#include "base/log.h"

namespace proa::proxy {

void WorkerListeners::add(std::shared_ptr<const ListenerConfig> config, std::vector<net::Fd> sockets) {
  std::string name = config->name;
  auto listener = std::make_unique<Listener>(worker_, std::move(config), this);
  if (Status listening = listener->listen(std::move(sockets)); !listening) {
    log::get("config").error("listener {}: {}", name, listening.error().message);
    return;
  }
  if (auto& old = active_[name]) drain(std::move(old));
  active_[name] = std::move(listener);
  index_addresses();
}

void WorkerListeners::index_addresses() {
  by_address_.clear();
  for (auto& [name, listener] : active_) {
    for (const net::Address& address : listener->config()->addresses) by_address_.emplace(address, listener.get());
  }
}

Listener* WorkerListeners::of_destination(const net::Address& address) const {
  auto found = by_address_.find(address);
  if (found == by_address_.end()) found = by_address_.find(net::Address::any(address.family(), address.port()));
  return found == by_address_.end() ? nullptr : found->second;
}

void WorkerListeners::update(std::shared_ptr<const ListenerConfig> config) {
  auto found = active_.find(config->name);
  if (found == active_.end()) return;
  found->second->update(std::move(config));
  index_addresses();
}

void WorkerListeners::remove(const std::string& name) {
  auto found = active_.find(name);
  if (found == active_.end()) return;
  std::unique_ptr<Listener> listener = std::move(found->second);
  active_.erase(found);
  index_addresses();
  drain(std::move(listener));
}

void WorkerListeners::drain(std::unique_ptr<Listener> listener) {
  Listener& leaving = *listener;
  draining_.push_back(std::move(listener));
  leaving.stop_accepting();
  leaving.when_empty([this, &leaving] {
    // Called by the listener itself: it dies at the end of the turn.
    for (auto& entry : draining_) {
      if (entry.get() != &leaving) continue;
      worker_.loop().defer_delete(std::move(entry));
      std::erase(draining_, nullptr);
      return;
    }
  });
  // Last: it may be gone afterwards.
  leaving.close_after(drain_time_);
  leaving.drain();
}

void WorkerListeners::stop_accepting(Traffic traffic) {
  for (auto& [name, listener] : active_) {
    if (listener->config()->takes(traffic)) listener->stop_accepting();
  }
}

void WorkerListeners::drain_share(size_t turns_left, Traffic traffic) {
  for (auto& [name, listener] : active_) {
    if (listener->config()->takes(traffic)) listener->drain_share(turns_left);
  }
}

void WorkerListeners::close_all() {
  for (auto& [name, listener] : active_) listener->close_all();
  for (auto& listener : draining_) listener->close_all();
}

size_t WorkerListeners::connections(Traffic traffic) {
  size_t count = 0;
  auto add = [&count, traffic](Listener& listener) {
    if (!listener.config()->takes(traffic)) return;
    listener.accepted().for_each([&](AcceptedConnection&) { ++count; });
    listener.http().for_each([&](DownstreamConnection&) { ++count; });
    listener.tcp().for_each([&](TcpConnection&) { ++count; });
    listener.self_served().for_each([&](SelfServedConnection&) { ++count; });
  };
  for (auto& [name, listener] : active_) add(*listener);
  for (auto& listener : draining_) add(*listener);
  return count;
}

}  // namespace proa::proxy
