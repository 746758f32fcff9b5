#include "config/compiler.h"

namespace proa::config {

std::shared_ptr<observe::StatGroup> SharedObjects::stats(const observe::StatSchema& schema, observe::StatName name) {
  auto& slot = groups_[{&schema, name.name}];
  if (auto group = slot.lock()) return group;
  auto group = std::make_shared<observe::StatGroup>(registry_, schema, std::move(name));
  slot = group;
  return group;
}

Result<std::shared_ptr<observe::LogFile>> SharedObjects::log_file(const std::string& path) {
  auto& slot = logs_[path];
  if (auto file = slot.lock()) return file;
  Result<std::shared_ptr<observe::LogFile>> opened = observe::LogFile::open(path);
  if (opened) slot = *opened;
  return opened;
}

void SharedObjects::reopen_logs() {
  for (auto& [path, slot] : logs_) {
    if (auto file = slot.lock()) file->reopen();
  }
}

}  // namespace proa::config
