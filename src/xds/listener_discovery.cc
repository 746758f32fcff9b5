#include "xds/listener_discovery.h"

#include <utility>

namespace proa::xds {

std::vector<Rejection> ListenerDiscovery::on_update(Source&, const Update& update) {
  // Those that go first: one that comes may want their address.
  for (const std::string& name : update.removed) {
    if (!server_.is_listener_of_start(name)) server_.remove_listener(name);
  }
  std::vector<Rejection> refused;
  for (const Resource& resource : update.resources) {
    if (resource.unchanged) continue;
    if (Status put = this->put(resource); !put) refused.push_back({std::string(resource.name), put.error().message});
  }
  first_came();
  return refused;
}

Status ListenerDiscovery::put(const Resource& resource) {
  if (server_.is_listener_of_start(std::string(resource.name))) {
    return fail("a listener of the bootstrap has this name");
  }
  auto config = compiler_.listener(*resource.body);
  if (!config) return std::unexpected(config.error());
  if (!came_) first_.insert(first_.end(), (*config)->awaited.begin(), (*config)->awaited.end());
  return server_.put_listener(std::move(*config));
}

void ListenerDiscovery::gave_up(Source&, std::string_view) { first_came(); }

void ListenerDiscovery::first_came() {
  came_ = true;
  if (waiting_) when_all_arrived(std::exchange(first_, {}), std::exchange(waiting_, nullptr));
}

void ListenerDiscovery::when_first_in_force(std::function<void()> done) {
  if (came_) return when_all_arrived(std::exchange(first_, {}), done);
  waiting_ = std::move(done);
}

}  // namespace proa::xds
