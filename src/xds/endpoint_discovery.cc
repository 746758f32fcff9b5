#include "xds/endpoint_discovery.h"

#include <functional>

#include "xds/type_url.h"

namespace proa::xds {

/// One cluster's view of its endpoints.
class EndpointDiscovery::Subscriber final : public upstream::EndpointSource {
 public:
  Subscriber(EndpointDiscovery& discovery, Key key, const SubscribeOptions& options)
      : discovery_(discovery), key_(std::move(key)), options_(options) {}
  ~Subscriber() override { unsubscribe(); }

  void subscribe(std::function<void(upstream::Assignment)> push) override {
    push_ = std::move(push);
    discovery_.subscribers_.emplace(key_, this);
    key_.first->subscribe(kEndpoints, key_.second, options_);
    // A cluster that replaces another takes the endpoints that are there: no server says them again.
    if (!key_.first->held(kEndpoints, key_.second)) return;
    discovery_.loop_.post([this, alive = std::weak_ptr<int>(alive_)] {
      if (!alive.expired() && push_ && !arrived_) take_held();
    });
  }
  void unsubscribe() override {
    if (!push_) return;
    push_ = nullptr;
    arrived_ = false;
    auto [first, last] = discovery_.subscribers_.equal_range(key_);
    for (; first != last; ++first) {
      if (first->second != this) continue;
      discovery_.subscribers_.erase(first);
      break;
    }
    key_.first->unsubscribe(kEndpoints, key_.second);
  }

  void push(upstream::Assignment assignment) {
    arrived_ = true;
    push_(std::move(assignment));
  }
  bool arrived() const { return arrived_; }

 private:
  void take_held() {
    auto held = key_.first->held(kEndpoints, key_.second);
    if (!held) return;
    if (auto assignment = discovery_.compiler_.endpoints(held->body)) push(std::move(*assignment));
  }

  EndpointDiscovery& discovery_;
  Key key_;
  SubscribeOptions options_;
  std::function<void(upstream::Assignment)> push_;
  bool arrived_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

std::shared_ptr<upstream::EndpointSource> EndpointDiscovery::endpoints(Source& source, std::string name,
                                                                       const SubscribeOptions& options) {
  return std::make_shared<Subscriber>(*this, Key(&source, std::move(name)), options);
}

std::vector<Rejection> EndpointDiscovery::on_update(Source& source, const Update& update) {
  std::vector<Rejection> refused;
  for (const Resource& resource : update.resources) {
    auto [first, last] = subscribers_.equal_range(Key(&source, resource.name));
    if (first == last) continue;
    auto assignment = compiler_.endpoints(*resource.body);
    if (!assignment) {
      refused.push_back({std::string(resource.name), assignment.error().message});
      continue;
    }
    std::vector<Subscriber*> all;  // a push may end a subscription: that of the cluster which this one replaces
    for (; first != last; ++first) all.push_back(first->second);
    for (Subscriber* subscriber : all) {
      auto [from, to] = subscribers_.equal_range(Key(&source, resource.name));
      const bool there = std::any_of(from, to, [&](const auto& entry) { return entry.second == subscriber; });
      if (there && !(resource.unchanged && subscriber->arrived())) subscriber->push(*assignment);
    }
  }
  // What was removed stays: endpoints live with their clusters.
  return refused;
}

void EndpointDiscovery::gave_up(Source& source, std::string_view name) {
  std::vector<Subscriber*> waiting;
  auto [first, last] = subscribers_.equal_range(Key(&source, name));
  for (; first != last; ++first) {
    if (!first->second->arrived()) waiting.push_back(first->second);
  }
  for (Subscriber* subscriber : waiting) subscriber->push({});  // a cluster without hosts
}

}  // namespace proa::xds
