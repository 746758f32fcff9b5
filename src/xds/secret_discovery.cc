#include "xds/secret_discovery.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "xds/type_url.h"

namespace proa::xds {

/// Holds the subscription; listeners and clusters hold it.
class SecretDiscovery::Entry final : public config::SecretSource {
 public:
  Entry(Key key, const SubscribeOptions& options, std::weak_ptr<int> discovery)
      : key_(std::move(key)), discovery_(std::move(discovery)) {
    key_.first->subscribe(kSecret, key_.second, options);
  }
  ~Entry() override {
    if (!discovery_.expired()) key_.first->unsubscribe(kSecret, key_.second);
  }

  const config::Secret* secret() const override { return secret_.get(); }
  void watch(std::weak_ptr<const void> who, std::function<void()> changed) override {
    std::erase_if(watchers_, [](const Watcher& watcher) { return watcher.who.expired(); });
    watchers_.push_back({std::move(who), std::move(changed)});
  }

  void set(config::Secret secret) {
    secret_ = std::make_unique<config::Secret>(std::move(secret));
    const std::vector<Watcher> all = watchers_;
    for (const Watcher& watcher : all) {
      if (!watcher.who.expired()) watcher.changed();
    }
    if (!arrived()) arrive();
  }

 private:
  struct Watcher {
    std::weak_ptr<const void> who;
    std::function<void()> changed;
  };
  Key key_;
  std::weak_ptr<int> discovery_;
  std::unique_ptr<config::Secret> secret_;
  std::vector<Watcher> watchers_;
};

std::shared_ptr<config::SecretSource> SecretDiscovery::secret(Source& source, const std::string& name,
                                                              const SubscribeOptions& options) {
  std::weak_ptr<Entry>& known = entries_[Key(&source, name)];
  if (auto entry = known.lock()) return entry;
  // A worker may be the last to let go of a listener; the subscription ends on the main thread.
  auto let_go = [loop = &loop_](Entry* entry) { loop->post([owned = std::unique_ptr<Entry>(entry)] {}); };
  std::shared_ptr<Entry> entry(new Entry(Key(&source, name), options, alive_), let_go);
  known = entry;
  if (auto held = source.held(kSecret, name)) {
    if (auto secret = compiler_.secret(held->body)) entry->set(std::move(*secret));
  }
  return entry;
}

std::shared_ptr<SecretDiscovery::Entry> SecretDiscovery::find(Source& source, std::string_view name) {
  auto found = entries_.find(Key(&source, name));
  if (found == entries_.end()) return nullptr;
  auto entry = found->second.lock();
  if (!entry) entries_.erase(found);
  return entry;
}

std::vector<Rejection> SecretDiscovery::on_update(Source& source, const Update& update) {
  std::vector<Rejection> refused;
  for (const Resource& resource : update.resources) {
    auto entry = find(source, resource.name);
    if (!entry || (resource.unchanged && entry->secret())) continue;
    auto secret = compiler_.secret(*resource.body);
    if (secret) {
      entry->set(std::move(*secret));
    } else {
      refused.push_back({std::string(resource.name), secret.error().message});
    }
  }
  return refused;  // a secret that was removed stays in use: handshakes must not fail for it
}

void SecretDiscovery::gave_up(Source& source, std::string_view name) {
  auto entry = find(source, name);
  if (entry && !entry->arrived()) entry->arrive();
}

}  // namespace proa::xds
