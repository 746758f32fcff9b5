#include "upstream/event_log.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <unordered_map>

#include "base/log.h"

namespace proa::upstream {

EventLog::EventLog(std::string path)
    : path_(std::move(path)), file_(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)) {
  if (file_) return;
  broken_ = true;
  log::get("upstream").warn("cannot open event log {}: {}", path_, std::strerror(errno));
}

void EventLog::write(std::string_view line) {
  if (!file_) return;
  std::string text(line);
  text += '\n';
  if (::write(file_.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size())) {
    broken_ = false;
  } else if (!std::exchange(broken_, true)) {
    log::get("upstream").warn("cannot write event log {}: {}", path_, std::strerror(errno));
  }
}

std::shared_ptr<EventLog> EventLog::open(const std::string& path) {
  if (path.empty()) return nullptr;
  thread_local std::unordered_map<std::string, std::weak_ptr<EventLog>> logs;
  auto& slot = logs[path];
  auto log = slot.lock();
  if (!log) slot = log = std::make_shared<EventLog>(path);
  return log;
}

}  // namespace proa::upstream
