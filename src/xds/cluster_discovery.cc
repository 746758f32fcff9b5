#include "xds/cluster_discovery.h"

#include <utility>

namespace proa::xds {

std::vector<Rejection> ClusterDiscovery::on_update(Source&, const Update& update) {
  std::vector<Rejection> refused;
  for (const Resource& resource : update.resources) {
    const std::string name(resource.name);
    if (resource.unchanged) continue;
    if (server_.is_cluster_of_start(name)) {
      refused.push_back({name, "a cluster of the bootstrap has this name"});
      continue;
    }
    auto spec = compiler_.cluster(*resource.body);
    if (spec) {
      server_.clusters().add(std::move(*spec));
    } else {
      refused.push_back({name, spec.error().message});
    }
  }
  for (const std::string& name : update.removed) {
    if (!server_.is_cluster_of_start(name)) server_.clusters().remove(name);
  }
  first_came();
  return refused;
}

void ClusterDiscovery::gave_up(Source&, std::string_view) { first_came(); }

void ClusterDiscovery::first_came() {
  came_ = true;
  if (waiting_) server_.clusters().when_all_ready(std::exchange(waiting_, nullptr));
}

void ClusterDiscovery::when_first_in_force(std::function<void()> done) {
  if (came_) return server_.clusters().when_all_ready(std::move(done));
  waiting_ = std::move(done);
}

}  // namespace proa::xds
