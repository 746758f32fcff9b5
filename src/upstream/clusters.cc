#include "upstream/clusters.h"

#include <algorithm>

namespace proa::upstream {

/// One worker's clusters. Everything but the posts to it on its own thread.
struct Clusters::Worker {
  Worker(Clusters& clusters, net::Loop& loop, std::shared_ptr<const Directory> directory)
      : clusters(clusters), loop(loop), directory(std::move(directory)) {}

  WorkerCluster* find(std::string_view name) {
    auto at = used.find(name);
    if (at != used.end()) [[likely]]
      return at->second.get();
    auto known = in_directory(name);
    if (!known) {
      // A route that is read as soon as it is set may be here before the publication that is on its way.
      std::lock_guard lock(clusters.mutex_);
      directory = clusters.directory_;
    }
    if (!known && !(known = in_directory(name))) return nullptr;
    auto made = std::make_unique<WorkerCluster>(std::move(known), loop, clusters.factory_);
    return used.emplace(std::string(name), std::move(made)).first->second.get();
  }

  std::shared_ptr<Cluster> in_directory(std::string_view name) const {
    const auto& part = (*directory)[std::hash<std::string_view>{}(name) % kParts];
    if (!part) return nullptr;
    auto at = part->clusters.find(name);
    return at == part->clusters.end() ? nullptr : at->second;
  }

  void update(std::shared_ptr<const Directory> newest, const std::vector<std::string>& changed) {
    directory = std::move(newest);
    for (const std::string& name : changed) {
      auto at = used.find(name);
      if (at == used.end() || at->second->shared_cluster() == in_directory(name)) continue;
      at->second->when_idle([this] { sweep(); });
      at->second->drain();
      leaving.push_back(std::move(at->second));
      used.erase(at);
    }
    sweep();
  }

  void refresh(const Cluster& cluster) {
    auto at = used.find(cluster.name());
    if (at != used.end() && &at->second->cluster() == &cluster) at->second->refresh();
    sweep();
  }

  /// Removed clusters go when nothing of them is under way.
  void sweep() {
    std::erase_if(leaving, [&](std::unique_ptr<WorkerCluster>& cluster) {
      if (!cluster->idle()) return false;
      loop.defer_delete(std::move(cluster));
      return true;
    });
  }

  Clusters& clusters;
  net::Loop& loop;
  std::shared_ptr<const Directory> directory;
  ByName<std::unique_ptr<WorkerCluster>> used;
  std::vector<std::unique_ptr<WorkerCluster>> leaving;
};

/// Gathers the changes of one turn of the main loop into one message to the workers.
struct Clusters::Publication final : net::EndOfTurn {
  explicit Publication(Clusters& clusters) : clusters(clusters) {}
  void run() override { clusters.publish(); }
  Clusters& clusters;
  std::unordered_map<size_t, std::shared_ptr<Part>> parts;  // changed copies
  std::vector<std::string> names;
  std::vector<std::shared_ptr<Cluster>> with_new_hosts;
};

namespace {

// The worker of this thread, for the Clusters object asked last: there is one in a process, several in tests.
struct ThisThread {
  const void* clusters = nullptr;
  void* worker = nullptr;
};
thread_local ThisThread this_thread;

}  // namespace

Clusters::Clusters(ClusterContext context, ConnectionFactory& factory)
    : context_(std::move(context)),
      factory_(factory),
      stats_(std::make_unique<observe::StatGroup>(*context_.registry, cluster_manager_schema(), observe::StatName{})),
      publication_(std::make_unique<Publication>(*this)),
      directory_(std::make_shared<Directory>(kParts)) {
  context_.connections = &factory;
  context_.hosts_changed = [this](Cluster& cluster) { hosts_changed(cluster); };
}

Clusters::~Clusters() {
  for (auto* map : {&all_, &warming_}) {
    for (auto& [name, cluster] : *map) cluster->stop();
  }
  if (this_thread.clusters == this) this_thread = {};
}

void Clusters::attach_worker(net::Loop& loop) {
  std::lock_guard lock(mutex_);
  auto& worker = workers_.emplace_back(std::make_shared<Worker>(*this, loop, directory_));
  this_thread = {this, worker.get()};
}

void Clusters::detach_worker() {
  Worker* mine = this_worker();
  std::shared_ptr<Worker> gone;
  {
    std::lock_guard lock(mutex_);
    auto at = std::find_if(workers_.begin(), workers_.end(), [&](const auto& worker) { return worker.get() == mine; });
    if (at == workers_.end()) return;
    gone = std::move(*at);
    workers_.erase(at);
  }
  this_thread = {};
}

Clusters::Worker* Clusters::this_worker() {
  if (this_thread.clusters == this) [[likely]]
    return static_cast<Worker*>(this_thread.worker);
  std::lock_guard lock(mutex_);
  for (auto& worker : workers_) {
    if (&worker->loop != &net::Loop::current()) continue;
    this_thread = {this, worker.get()};
    return worker.get();
  }
  return nullptr;
}

WorkerCluster* Clusters::find(std::string_view name) {
  Worker* worker = this_worker();
  return worker ? worker->find(name) : nullptr;
}

bool Clusters::add(ClusterSpec spec) {
  auto current = get(spec.name);
  if (current && spec.config_hash != 0 && current->spec().config_hash == spec.config_hash) return false;
  stats_->add(current ? ManagerStat::kClusterModified : ManagerStat::kClusterAdded);
  std::string name = spec.name;
  if (auto old = warming_.find(name); old != warming_.end()) {
    old->second->stop();
    warming_.erase(old);
  }
  auto cluster = std::make_shared<Cluster>(std::move(spec), context_);
  warming_.emplace(std::move(name), cluster);
  stats_->set(ManagerStat::kWarmingClusters, static_cast<int64_t>(warming_.size()));
  when_all_arrived(cluster->spec().awaited, [this, weak = std::weak_ptr(cluster)] {
    auto alive = weak.lock();
    if (!alive) return;
    auto at = warming_.find(alive->name());
    if (at == warming_.end() || at->second != alive) return;  // removed or replaced meanwhile
    alive->start([this, raw = alive.get()] { became_ready(raw->shared_from_this()); });
  });
  return true;
}

void Clusters::became_ready(const std::shared_ptr<Cluster>& cluster) {
  const std::string& name = cluster->name();
  auto at = warming_.find(name);
  if (at == warming_.end() || at->second != cluster) return;
  warming_.erase(at);
  auto& slot = all_[name];
  if (slot) slot->stop();
  slot = cluster;
  put(name, cluster);
  stats_->set(ManagerStat::kActiveClusters, static_cast<int64_t>(all_.size()));
  stats_->set(ManagerStat::kWarmingClusters, static_cast<int64_t>(warming_.size()));
  if (name == local_cluster_) hosts_changed(*cluster);
  if (!local_cluster_.empty() && cluster->lb().zone_aware) {
    if (auto local = all_.find(local_cluster_); local != all_.end()) cluster->set_local_hosts(local->second->hosts());
  }
  if (!warming_.empty() || waiting_for_ready_.empty()) return;
  publish();  // not for each of many that are ready at once: a directory takes 4 KB
  for (auto& done : std::exchange(waiting_for_ready_, {})) done();
}

bool Clusters::remove(std::string_view name) {
  bool found = false;
  for (auto* map : {&warming_, &all_}) {
    auto at = map->find(name);
    if (at == map->end()) continue;
    at->second->stop();
    if (map == &all_) put(at->first, nullptr);
    map->erase(at);
    found = true;
  }
  if (!found) return false;
  stats_->add(ManagerStat::kClusterRemoved);
  stats_->set(ManagerStat::kActiveClusters, static_cast<int64_t>(all_.size()));
  stats_->set(ManagerStat::kWarmingClusters, static_cast<int64_t>(warming_.size()));
  if (warming_.empty()) {
    for (auto& done : std::exchange(waiting_for_ready_, {})) done();
  }
  return true;
}

void Clusters::put(const std::string& name, std::shared_ptr<Cluster> cluster) {
  size_t index = std::hash<std::string_view>{}(name) % kParts;
  auto& part = publication_->parts[index];
  if (!part) {
    const auto& current = (*directory_)[index];  // written on this thread only
    part = current ? std::make_shared<Part>(*current) : std::make_shared<Part>();
  }
  if (cluster) {
    part->clusters[name] = std::move(cluster);
  } else {
    part->clusters.erase(name);
  }
  publication_->names.push_back(name);
  context_.main_loop->end_of_turn(*publication_);
}

void Clusters::hosts_changed(Cluster& cluster) {
  if (!cluster.ready()) return;
  publication_->with_new_hosts.push_back(cluster.shared_from_this());
  context_.main_loop->end_of_turn(*publication_);
  if (cluster.name() != local_cluster_) return;
  for (auto& [name, other] : all_) {
    if (other->lb().zone_aware) other->set_local_hosts(cluster.hosts());
  }
}

void Clusters::publish() {
  Publication& publication = *publication_;
  if (!publication.names.empty()) {
    auto directory = std::make_shared<Directory>(*directory_);
    for (auto& [index, part] : publication.parts) (*directory)[index] = std::move(part);
    auto names = std::make_shared<std::vector<std::string>>(std::move(publication.names));
    publication.parts.clear();
    publication.names = {};
    {
      std::lock_guard lock(mutex_);
      directory_ = directory;
    }
    tell_workers([directory, names](Worker& worker) { worker.update(directory, *names); });
  }
  for (auto& cluster : std::exchange(publication.with_new_hosts, {})) {
    if (cluster->has_traffic()) tell_workers([cluster](Worker& worker) { worker.refresh(*cluster); });
  }
}

void Clusters::tell_workers(std::function<void(Worker&)> what) {
  std::lock_guard lock(mutex_);
  for (auto& worker : workers_) {
    // A worker that is detached meanwhile, on its own thread, hears nothing.
    worker->loop.post([weak = std::weak_ptr(worker), what] {
      if (auto alive = weak.lock()) what(*alive);
    });
  }
}

void Clusters::when_all_ready(std::function<void()> done) {
  if (!warming_.empty()) return waiting_for_ready_.push_back(std::move(done));
  publish();
  done();
}

std::shared_ptr<Cluster> Clusters::get(std::string_view name) const {
  for (const auto* map : {&all_, &warming_}) {
    if (auto at = map->find(name); at != map->end()) return at->second;
  }
  return nullptr;
}

std::vector<std::shared_ptr<Cluster>> Clusters::list() const {
  std::vector<std::shared_ptr<Cluster>> out;
  out.reserve(all_.size());
  for (const auto& [name, cluster] : all_) out.push_back(cluster);
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a->name() < b->name(); });
  return out;
}

std::vector<std::shared_ptr<Cluster>> Clusters::list_warming() const {
  std::vector<std::shared_ptr<Cluster>> out;
  for (const auto& [name, cluster] : warming_) out.push_back(cluster);
  return out;
}

}  // namespace proa::upstream
