#include "net/file_watch.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace proa::net {
namespace {

constexpr uint32_t kMask = IN_MOVED_TO | IN_CLOSE_WRITE | IN_CREATE | IN_ONLYDIR;

bool is_link(const std::string& path) {
  struct stat info;
  return ::lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode);
}

}  // namespace

Result<std::unique_ptr<FileWatcher>> FileWatcher::make(Loop& loop) {
  Fd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd) return fail(std::string("cannot watch files: ") + std::strerror(errno));
  std::unique_ptr<FileWatcher> out(new FileWatcher(loop, std::move(fd)));
  auto id = loop.watch(out->fd_.get(), EPOLLIN, *out);
  if (!id) return std::unexpected(id.error());
  out->id_ = *id;
  return out;
}

FileWatcher::~FileWatcher() { loop_.unwatch(fd_.get(), id_); }

Result<FileWatcher::Watch> FileWatcher::watch_file(const std::string& path, Callback changed) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return add(".", path, std::move(changed));
  return add(slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1), std::move(changed));
}

Result<FileWatcher::Watch> FileWatcher::watch_directory(const std::string& path, Callback changed) {
  return add(path, {}, std::move(changed));
}

Result<FileWatcher::Watch> FileWatcher::add(const std::string& directory, std::string name, Callback changed) {
  remove_ended();
  int number = ::inotify_add_watch(fd_.get(), directory.c_str(), kMask);
  if (number < 0) return fail("cannot watch directory '" + directory + "': " + std::strerror(errno));
  auto entry = std::make_shared<Entry>(std::move(name), std::move(changed));
  Directory& known = directories_[number];  // the same directory gives the same number
  known.path = directory;
  known.entries.push_back(entry);
  return entry;
}

void FileWatcher::remove_ended() {
  for (auto at = directories_.begin(); at != directories_.end();) {
    std::erase_if(at->second.entries, [](const auto& entry) { return entry.expired(); });
    if (at->second.entries.empty()) {
      ::inotify_rm_watch(fd_.get(), at->first);
      at = directories_.erase(at);
    } else {
      ++at;
    }
  }
}

void FileWatcher::mark(Directory& directory, std::string_view name, bool created, std::vector<Watch>& due) {
  // A new file is complete when it is closed, a new link at once.
  if (created && !is_link(directory.path + "/" + std::string(name))) return;
  for (auto& weak : directory.entries) {
    Watch entry = weak.lock();
    if (!entry || entry->due) continue;
    bool concerned = name.empty() || entry->name.empty() || name == entry->name || name == "..data";
    if (!concerned) continue;
    entry->due = true;
    due.push_back(std::move(entry));
  }
}

void FileWatcher::on_events(uint32_t) {
  alignas(inotify_event) char buffer[4096];
  std::vector<Watch> due;
  for (ssize_t size; (size = ::read(fd_.get(), buffer, sizeof buffer)) > 0;) {
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      std::string_view name = event->len ? event->name : "";
      if (event->mask & IN_Q_OVERFLOW) {  // events were lost: anything may have changed
        for (auto& [number, directory] : directories_) mark(directory, {}, false, due);
      } else if (auto found = directories_.find(event->wd); found != directories_.end() && !name.empty()) {
        mark(found->second, name, event->mask & IN_CREATE, due);
      }
    }
  }
  // Nothing of this object is touched from here on but what `due` holds: a callback may destroy it.
  for (Watch& entry : due) {
    entry->due = false;
    if (entry.use_count() > 1) entry->changed();  // else an earlier callback has ended it
  }
}

}  // namespace proa::net
