#include "config/compiler.h"

#include "config/tls_reload.h"

namespace proa::config {

SharedObjects::SharedObjects(observe::Registry& registry) : registry_(registry) {}

SharedObjects::~SharedObjects() = default;

std::shared_ptr<observe::StatGroup> SharedObjects::stats(const observe::StatSchema& schema, observe::StatName name) {
  auto& slot = groups_[{&schema, name.name}];
  if (auto group = slot.lock()) return group;
  auto group = std::make_shared<observe::StatGroup>(registry_, schema, std::move(name));
  slot = group;
  return group;
}

std::shared_ptr<std::atomic<int64_t>> SharedObjects::connections(const std::string& listener) {
  auto& slot = connections_[listener];
  if (auto counter = slot.lock()) return counter;
  auto counter = std::make_shared<std::atomic<int64_t>>(0);
  slot = counter;
  return counter;
}

Result<std::shared_ptr<observe::LogFile>> SharedObjects::log_file(const std::string& path) {
  auto& slot = logs_[path];
  if (auto file = slot.lock()) return file;
  Result<std::shared_ptr<observe::LogFile>> opened = observe::LogFile::open(path, log_flush_interval_);
  if (opened) slot = *opened;
  return opened;
}

void SharedObjects::reopen_logs() {
  for (auto& [path, slot] : logs_) {
    if (auto file = slot.lock()) file->reopen();
  }
}

TlsReload& SharedObjects::tls_reload(net::Loop& main_loop) {
  if (!tls_reload_) tls_reload_ = std::make_unique<TlsReload>(main_loop, stats(kTlsReloadSchema, {}));
  return *tls_reload_;
}

}  // namespace proa::config
