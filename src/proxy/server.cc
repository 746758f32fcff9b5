#include "proxy/server.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <latch>
#include <random>
#include <set>

#include "base/log.h"
#include "proxy/worker_listeners.h"
#include "upstream/connection_factory.h"

namespace proa::proxy {

using net::Timer;

namespace {

constexpr Milliseconds kDrainPoll{100};
constexpr int kDrainTurns = 100;  // in which a slow drain tells the connections

net::Fd copy_of(const net::Fd& fd) { return net::Fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0)); }

uint64_t seed() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

bool same_sockets(const ListenerConfig& a, const ListenerConfig& b) {
  return a.addresses == b.addresses && a.bind_to_port == b.bind_to_port;
}

}  // namespace

Server::Server(net::Loop& main_loop, observe::Registry& registry, ServerOptions options)
    : main_loop_(main_loop),
      registry_(registry),
      options_(options),
      drain_timer_(Timer::of<&Server::end_drain>(this)),
      drain_poll_(Timer::of<&Server::drain_turn>(this)) {
  resolver_ = std::make_unique<net::Resolver>(main_loop_);
  upstream::ClusterContext context;
  context.registry = &registry_;
  context.main_loop = &main_loop_;
  context.resolver = resolver_.get();
  context.connections = &upstream::system_connections();
  clusters_ = std::make_unique<upstream::Clusters>(std::move(context), upstream::system_connections());
  shared_.clusters = clusters_.get();
}

Server::~Server() {
  if (!workers_) return;
  clusters_->detach_worker();  // the main thread's; nothing if it has none
  // Connections die on their own threads, then the threads end. They close at the end of the turn in which they are
  // told, and then tell their listener: so that goes in a later turn.
  std::latch told(static_cast<std::ptrdiff_t>(workers_->size()));
  workers_->for_each([&](net::Worker& worker) {
    listeners_[worker.index()]->close_all();
    told.count_down();
  });
  told.wait();
  workers_->for_each([this](net::Worker& worker) {
    listeners_[worker.index()].reset();
    contexts_[worker.index()]->close();
    clusters_->detach_worker();
  });
  workers_->stop();
}

Result<Server::Bound> Server::bind(const ListenerConfig& config, InheritedSockets& inherited) {
  Bound bound;
  bound.addresses = config.addresses;
  bound.sockets.resize(options_.concurrency);
  if (!config.bind_to_port) return bound;
  for (size_t a = 0; a < config.addresses.size(); ++a) {
    if (Status status = bind_address(config, a, inherited, bound); !status) {
      return fail(fmt::format("listener {}: {}", config.name, status.error().message));
    }
  }
  return bound;
}

Status Server::bind_address(const ListenerConfig& config, size_t a, InheritedSockets& inherited, Bound& bound) {
  const net::Address address = config.addresses[a];
  std::vector<net::Fd> taken_over;
  if (auto found = inherited.find(address.to_string()); found != inherited.end()) {
    taken_over = std::move(found->second);
    inherited.erase(found);
  }
  const bool own_sockets =
      config.socket.reuse_port && address.is_ip() && (taken_over.empty() || net::shares_port(taken_over.front().get()));
  // All that were taken over, also beyond the number of workers: connections may wait in their queues.
  for (size_t i = 0; i < std::max<size_t>(options_.concurrency, taken_over.size()); ++i) {
    Result<net::Fd> socket;
    bool copy = false;
    if (i < taken_over.size()) {
      socket = net::adopt_listener(std::move(taken_over[i]), address);
    } else if (i > 0 && !own_sockets) {
      copy = true;
      socket = copy_of(std::ranges::find(bound.sockets[0], a, &BoundSocket::address)->fd);
    } else {
      // Port 0: the other workers listen where the first one does.
      // What warms does not listen yet: clients are to go elsewhere, not to wait.
      socket = all_arrived(config.awaited) ? net::listen_on(bound.addresses[a], config.socket)
                                           : net::bind_socket(bound.addresses[a], config.socket);
    }
    if (!socket) return std::unexpected(socket.error());
    if (i == 0) bound.addresses[a] = net::local_address(socket->get());
    bound.sockets[i % options_.concurrency].push_back({.address = a, .copy = copy, .fd = std::move(*socket)});
  }
  return {};
}

std::vector<net::Fd> Server::copies(const Bound& bound, size_t worker) const {
  std::vector<net::Fd> fds;
  for (const BoundSocket& socket : bound.sockets[worker]) fds.push_back(copy_of(socket.fd));
  return fds;
}

Status Server::start(Snapshot snapshot, InheritedSockets inherited, std::function<void()> live) {
  inherited_ = std::move(inherited);
  std::map<std::string, std::optional<Bound>> bound;
  for (const auto& config : snapshot.listeners) {
    Result<Bound> sockets = bind(*config, inherited_);
    if (!sockets) return std::unexpected(sockets.error());
    bound.emplace(config->name, std::move(*sockets));
  }
  state_ = ServerState::kInitializing;
  clusters_->set_local_cluster(snapshot.local_cluster);
  shared_.connection_limit = snapshot.connection_limit;

  workers_ = std::make_unique<net::Workers>(options_.concurrency);
  for (size_t i = 0; i < options_.concurrency; ++i) {
    contexts_.push_back(std::make_unique<WorkerContext>((*workers_)[i].loop(), shared_, i, seed()));
    listeners_.push_back(std::make_unique<WorkerListeners>(*contexts_.back(), options_.drain_time));
    contexts_.back()->set_runtime(snapshot.runtime);
  }
  workers_->for_each([this](net::Worker& worker) { clusters_->attach_worker(worker.loop()); });
  if (discover_clusters_) clusters_->attach_worker(main_loop_);  // the streams to a control plane
  for (upstream::ClusterSpec& spec : snapshot.clusters) {
    first_clusters_.insert(spec.name);
    clusters_->add(std::move(spec));
  }
  snapshot.clusters = {};
  snapshot_ = std::move(snapshot);
  // when_all_ready() copies its function: the sockets wait behind a pointer.
  auto sockets = std::make_shared<std::map<std::string, std::optional<Bound>>>(std::move(bound));
  auto listen = [this, sockets, live = std::move(live)] {
    for (const auto& config : snapshot_.listeners) put_when_arrived(config, std::move(sockets->at(config->name)));
    auto next = [this, live] { go_live(live); };
    discover_listeners_ ? discover_listeners_(next) : next();
  };
  clusters_->when_all_ready(
      [this, listen = std::move(listen)] { discover_clusters_ ? discover_clusters_(listen) : listen(); });
  return {};
}

/// Once every worker listens.
void Server::go_live(const std::function<void()>& live) {
  inherited_.clear();
  workers_->for_each([](net::Worker&) {},
                     [this, live] {
                       if (state_ == ServerState::kInitializing) state_ = ServerState::kLive;
                       live();
                     });
}

void Server::add_listener(const std::shared_ptr<const ListenerConfig>& config, const Bound& bound) {
  for (size_t i = 0; i < workers_->size(); ++i) {
    (*workers_)[i].post([listeners = listeners_[i].get(), config, fds = copies(bound, i)]() mutable {
      listeners->add(config, std::move(fds));
    });
  }
}

Result<std::optional<Server::Bound>> Server::bind_new(const ListenerConfig& config) {
  auto old = in_force_.find(config.name);
  if (old != in_force_.end() && same_sockets(*old->second, config)) return std::nullopt;
  Result<Bound> bound = bind(config, inherited_);
  if (!bound) return std::unexpected(bound.error());
  return std::optional(std::move(*bound));
}

Status Server::put_listener(std::shared_ptr<const ListenerConfig> config) {
  if (state_ == ServerState::kDraining) return fail("the process has begun to drain");
  auto bound = bind_new(*config);
  if (!bound) return std::unexpected(bound.error());
  put_when_arrived(config, std::move(*bound));
  return {};
}

void Server::put_when_arrived(const std::shared_ptr<const ListenerConfig>& config, std::optional<Bound> bound) {
  warming_.erase(config->name);  // a change while it warms
  if (all_arrived(config->awaited)) return put(config, std::move(bound));
  warming_.emplace(config->name, config);
  auto sockets = std::make_shared<std::optional<Bound>>(std::move(bound));
  when_all_arrived(config->awaited, [this, weak = std::weak_ptr(config), sockets] {
    auto alive = weak.lock();
    if (!alive || state_ == ServerState::kDraining) return;
    auto found = warming_.find(alive->name);
    if (found == warming_.end() || found->second != alive) return;
    warming_.erase(found);
    put(alive, std::move(*sockets));
  });
}

/// Those that warmed; it does nothing to the others.
void Server::start_listening(const ListenerConfig& config, const Bound& bound) {
  for (const auto& of_worker : bound.sockets) {
    for (const BoundSocket& socket : of_worker) {
      if (Status listening = net::start_listening(socket.fd.get(), config.socket); !listening) {
        log::get("main").error("listener {}: {}", config.name, listening.error().message);
      }
    }
  }
}

void Server::put(const std::shared_ptr<const ListenerConfig>& config, std::optional<Bound> bound) {
  in_force_[config->name] = config;
  if (bound) {
    start_listening(*config, *bound);
    add_listener(config, *bound);
    bound_[config->name] = std::move(*bound);
    return;
  }
  for (size_t i = 0; i < workers_->size(); ++i) {
    (*workers_)[i].post([listeners = listeners_[i].get(), config] { listeners->update(config); });
  }
}

bool Server::remove_listener(const std::string& name) {
  const bool warmed = warming_.erase(name) > 0;
  if (in_force_.erase(name) == 0) return warmed;
  bound_.erase(name);
  for (size_t i = 0; i < workers_->size(); ++i) {
    (*workers_)[i].post([listeners = listeners_[i].get(), name] { listeners->remove(name); });
  }
  return true;
}

void Server::apply(Snapshot snapshot, std::function<void(Status)> done) {
  std::map<std::string, std::optional<Bound>> bound;
  for (const auto& config : snapshot.listeners) {
    auto sockets = bind_new(*config);
    if (!sockets) return done(std::unexpected(sockets.error()));
    bound.emplace(config->name, std::move(*sockets));
  }
  // New clusters first; old ones go after the listeners have moved.
  std::set<std::string> names;
  for (upstream::ClusterSpec& spec : snapshot.clusters) {
    names.insert(spec.name);
    clusters_->add(std::move(spec));
  }
  snapshot.clusters = {};
  // when_all_ready() copies its function: what it moves on to waits behind a pointer.
  struct Next {
    Snapshot snapshot;
    std::map<std::string, std::optional<Bound>> bound;
    std::set<std::string> clusters;
    std::function<void(Status)> done;
  };
  auto next = std::make_shared<Next>(Next{std::move(snapshot), std::move(bound), std::move(names), std::move(done)});
  clusters_->when_all_ready([this, next] {
    finish_apply(std::move(next->snapshot), std::move(next->bound), std::move(next->clusters), std::move(next->done));
  });
}

void Server::finish_apply(Snapshot snapshot, std::map<std::string, std::optional<Bound>> bound,
                          std::set<std::string> clusters, std::function<void(Status)> done) {
  if (state_ == ServerState::kDraining) return done(fail("the process has begun to drain"));
  publish_runtime(snapshot.runtime);
  shared_.connection_limit = snapshot.connection_limit;
  std::set<std::string> kept;
  for (const auto& config : snapshot.listeners) {
    kept.insert(config->name);
    put_when_arrived(config, std::move(bound.at(config->name)));
  }
  for (const auto& old : snapshot_.listeners) {
    if (!kept.contains(old->name)) remove_listener(old->name);
  }
  snapshot_ = std::move(snapshot);
  // Every worker has moved before a cluster goes that the old routes named.
  std::set<std::string> before = std::exchange(first_clusters_, std::move(clusters));
  workers_->for_each([](net::Worker&) {},
                     [this, before = std::move(before), done = std::move(done)] {
                       for (const std::string& name : before) {
                         if (!first_clusters_.contains(name)) clusters_->remove(name);
                       }
                       done({});
                     });
}

std::vector<std::shared_ptr<const ListenerConfig>> Server::listeners() const {
  std::vector<std::shared_ptr<const ListenerConfig>> all = snapshot_.listeners;
  std::set<std::string> named;
  for (auto& listener : all) {
    named.insert(listener->name);
    if (auto newer = in_force_.find(listener->name); newer != in_force_.end()) listener = newer->second;
  }
  for (const auto& [name, listener] : in_force_) {
    if (!named.contains(name)) all.push_back(listener);
  }
  return all;
}

bool Server::is_listener_of_start(const std::string& name) const {
  return std::ranges::any_of(snapshot_.listeners, [&](const auto& listener) { return listener->name == name; });
}

std::shared_ptr<const ListenerConfig> Server::warming_listener(const std::string& name) const {
  auto found = warming_.find(name);
  return found == warming_.end() ? nullptr : found->second;
}

void Server::publish_runtime(std::shared_ptr<const route::Runtime> runtime) {
  for (size_t i = 0; i < workers_->size(); ++i) {
    (*workers_)[i].post([context = contexts_[i].get(), runtime] { context->set_runtime(runtime); });
  }
}

void Server::stop_accepting(Traffic traffic) {
  for (const auto& config : snapshot_.listeners) {
    if (config->takes(traffic)) bound_.erase(config->name);
  }
  for (size_t i = 0; i < workers_->size(); ++i) {
    (*workers_)[i].post([listeners = listeners_[i].get(), traffic] { listeners->stop_accepting(traffic); });
  }
}

void Server::fail_health_checks(bool fail) {
  health_failed_.store(fail, std::memory_order_relaxed);
  shared_.announce_close.store(fail, std::memory_order_relaxed);
}

void Server::drain(DrainPlan plan, std::function<void()> done) {
  if (plan.traffic == Traffic::kAll) state_ = ServerState::kDraining;
  drained_ = std::move(done);
  drain_traffic_ = plan.traffic;
  stop_accepting(plan.traffic);
  all_told_ = main_loop_.now() + plan.spread;
  drain_interval_ = std::max(kDrainPoll, plan.spread / kDrainTurns);
  drain_timer_.start(main_loop_, plan.limit);
  drain_turn();
}

// Turns go on after everybody was told: a connection whose handshake ends now has not been.
void Server::drain_turn() {
  drain_poll_.stop();
  const auto left_time = std::max<Duration>(Duration(0), all_told_ - main_loop_.now());
  const auto turns_left = static_cast<size_t>(left_time / drain_interval_) + 1;
  auto left = std::make_shared<std::atomic<size_t>>(0);
  workers_->for_each(
      [this, left, turns_left, traffic = drain_traffic_](net::Worker& worker) {
        WorkerListeners& listeners = *listeners_[worker.index()];
        listeners.drain_share(turns_left, traffic);
        *left += listeners.connections(traffic);
      },
      [this, left] {
        if (!drained_) return;  // the limit came first
        if (*left == 0) return end_drain();
        drain_poll_.start(main_loop_, drain_interval_);
      });
}

void Server::end_drain() {
  drain_timer_.stop();
  drain_poll_.stop();
  if (drained_) std::exchange(drained_, nullptr)();
}

std::vector<net::Address> Server::bound_addresses(const std::string& listener) const {
  auto found = bound_.find(listener);
  return found == bound_.end() ? std::vector<net::Address>{} : found->second.addresses;
}

InheritedSockets Server::duplicate_sockets() const {
  InheritedSockets all;
  for (const auto& [name, bound] : bound_) {
    for (const auto& of_worker : bound.sockets) {
      for (const BoundSocket& socket : of_worker) {
        if (!socket.copy) all[bound.addresses[socket.address].to_string()].push_back(copy_of(socket.fd));
      }
    }
  }
  return all;
}

}  // namespace proa::proxy
