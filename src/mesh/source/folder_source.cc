#include "mesh/source/folder_source.h"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "mesh/source/yaml_documents.h"

namespace proa::mesh {

namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kMask =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr int kDeepest = 16;

bool is_object_file(std::string_view name) {
  return !name.starts_with('.') && (name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json"));
}

std::optional<std::string> contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text{std::istreambuf_iterator<char>(file), {}};
  return file.bad() ? std::nullopt : std::optional(std::move(text));
}

}  // namespace

FolderSource::~FolderSource() {
  if (watch_) loop_.unwatch(fd_.get(), watch_);
}

Status FolderSource::start(Changed changed) {
  changed_ = std::move(changed);
  while (options_.path.size() > 1 && options_.path.ends_with('/')) options_.path.pop_back();
  struct stat info;
  if (::stat(options_.path.c_str(), &info) != 0) {
    return fail(fmt::format("'{}' cannot be read: {}", options_.path, std::strerror(errno)));
  }
  one_file_ = !S_ISDIR(info.st_mode);
  fd_ = net::Fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd_) return fail(fmt::format("files cannot be watched: {}", std::strerror(errno)));
  auto watch = loop_.watch(fd_.get(), EPOLLIN, *this);
  if (!watch) return std::unexpected(watch.error());
  watch_ = *watch;
  everything_due_ = true;
  refresh();
  return {};
}

/// Watches before it lists, so that nothing falls between.
void FolderSource::list(const std::string& folder, std::set<std::string>& files) {
  const int number = ::inotify_add_watch(fd_.get(), folder.c_str(), kMask);
  if (number < 0) {
    folder_problems_.push_back({.at = {config::interned_file(folder), 0, 0},
                                .path = {},
                                .what = fmt::format("cannot be watched: {}", std::strerror(errno)),
                                .fix = {}});
    return;
  }
  folders_[number] = folder;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.')) continue;
    if (entry.is_directory(error) && !entry.is_symlink(error)) {
      if (std::ranges::count(folder, '/') < kDeepest + std::ranges::count(options_.path, '/')) {
        list(entry.path().string(), files);
      }
    } else if (is_object_file(name) && entry.is_regular_file(error)) {
      files.insert(entry.path().string());
    }
  }
}

void FolderSource::on_events(std::uint32_t) {
  alignas(inotify_event) char buffer[8192];
  for (ssize_t size; (size = ::read(fd_.get(), buffer, sizeof buffer)) > 0;) {
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      const auto folder = folders_.find(event->wd);
      if (event->mask & IN_Q_OVERFLOW) {
        everything_due_ = true;  // events were lost
      } else if (event->mask & IN_IGNORED) {
        folders_.erase(event->wd);
      } else if (folder != folders_.end()) {
        note(folder->second, event->len == 0 ? std::string_view() : std::string_view(event->name), event->mask);
      }
    }
  }
  if (everything_due_ || !due_.empty()) refresh();
}

void FolderSource::note(const std::string& folder, std::string_view name, std::uint32_t mask) {
  const std::string path = fmt::format("{}/{}", folder.empty() ? "." : folder, name);
  if (one_file_) {
    std::error_code error;
    // A mounted file is a link that changes with the link "..data" beside it.
    if (name != "..data" && fs::path(options_.path).filename() != name) return;
    if (!(mask & IN_CREATE) || fs::is_symlink(path, error)) due_.insert(options_.path);
    return;
  }
  if (name.empty() || (mask & IN_ISDIR) || name == "..data") {
    everything_due_ = true;
  } else if (is_object_file(name)) {
    std::error_code error;
    // A new file is complete when it is closed; a new link is at once.
    if (!(mask & IN_CREATE) || fs::is_symlink(path, error)) due_.insert(path);
  }
}

void FolderSource::load(const std::string& path, std::map<std::string, Documents>& loaded,
                        std::set<ObjectKey>& touched) {
  File& file = files_[path];
  for (const Known& known : file.objects) touched.insert(known.key);
  const std::optional<std::string> text = contents_of(path);
  const std::string_view name = config::interned_file(path);
  if (!text) {
    for (const Known& known : file.objects) definers_[known.key].erase(path);
    std::error_code error;
    if (!fs::exists(path, error)) {
      files_.erase(path);
      return;
    }
    file.objects.clear();
    file.problems = {{.at = {name, 0, 0}, .path = {}, .what = "cannot be read", .fix = {}}};
    return;
  }
  config::Problems problems;
  std::optional<proa::mesh::Documents> documents = read_documents(*text, path, problems, options_.implied);
  file.problems = problems.all();
  if (!documents) return;  // what it held stays
  std::vector<Known> now;
  Documents& good = loaded[path];
  for (Document& document : documents->good) {
    const config::Mark mark = document.root.mark();
    const auto same = std::ranges::find(now, document.key, &Known::key);
    if (same != now.end()) {
      file.problems.push_back({.at = mark,
                               .path = shown(document.key),
                               .what = fmt::format("is there twice, also in line {}", same->line),
                               .fix = "keep one of the two; the first counts"});
      continue;
    }
    now.push_back({document.key, document.contents, mark.line});
    const ObjectKey key = document.key;
    good.emplace(key, std::make_shared<const Document>(std::move(document)));
  }
  for (const ObjectKey& key : documents->broken) {
    const auto before = std::ranges::find(file.objects, key, &Known::key);
    if (before != file.objects.end()) now.push_back(*before);
  }
  for (const Known& known : file.objects) definers_[known.key].erase(path);
  for (const Known& known : now) {
    definers_[known.key].insert(path);
    touched.insert(known.key);
  }
  file.objects = std::move(now);
}

const std::string* FolderSource::owner(const ObjectKey& key) const {
  const auto found = definers_.find(key);
  return found == definers_.end() || found->second.empty() ? nullptr : &*found->second.begin();
}

void FolderSource::refresh() {
  std::set<std::string> due = std::exchange(due_, {});
  if (std::exchange(everything_due_, false)) {
    folder_problems_.clear();
    if (one_file_) {
      const std::string parent = fs::path(options_.path).parent_path().string();
      const int number = ::inotify_add_watch(fd_.get(), parent.empty() ? "." : parent.c_str(), kMask);
      if (number >= 0) folders_[number] = parent;
      due.insert(options_.path);
    } else if (fs::is_directory(options_.path)) {
      const std::map<int, std::string> before = std::exchange(folders_, {});
      list(options_.path, due);
      for (const auto& [number, folder] : before) {
        if (!folders_.contains(number)) ::inotify_rm_watch(fd_.get(), number);
      }
      for (const auto& [path, file] : files_) due.insert(path);
    } else {
      folder_problems_.push_back({.at = {config::interned_file(options_.path), 0, 0},
                                  .path = {},
                                  .what = "the folder is gone; its objects stay as they were",
                                  .fix = "restart once it is there again"});
    }
  }
  std::map<std::string, Documents> loaded;
  std::set<ObjectKey> touched;
  for (const std::string& path : due) load(path, loaded, touched);
  SourceChange change;
  for (const ObjectKey& key : touched) {
    const std::string* first = owner(key);
    if (first == nullptr) {
      definers_.erase(key);
      if (given_.erase(key) != 0) change.removed.push_back(key);
      continue;
    }
    const std::string path = *first;  // load() changes who defines what
    const Known known = *std::ranges::find(files_[path].objects, key, &Known::key);
    const auto given = given_.find(key);
    if (given != given_.end() && given->second.first == path && given->second.second.contents == known.contents &&
        given->second.second.line == known.line) {
      continue;
    }
    // Another file took over: it is read again, since its text is not kept.
    if (!loaded.contains(path)) {
      std::set<ObjectKey> already;
      load(path, loaded, already);
    }
    const auto document = loaded[path].find(key);
    if (document == loaded[path].end()) continue;  // broken just now: what was given stays
    given_.insert_or_assign(
        key, std::pair(path, Known{key, document->second->contents, document->second->root.mark().line}));
    change.put.push_back(document->second);
  }
  if (!due.empty() || !change.empty()) changed_(std::move(change));
}

std::vector<config::Problem> FolderSource::problems() const {
  std::vector<config::Problem> out = folder_problems_;
  for (const auto& [path, file] : files_) {
    out.insert(out.end(), file.problems.begin(), file.problems.end());
    for (const Known& known : file.objects) {
      const std::string* first = owner(known.key);
      if (first == nullptr || *first == path) continue;
      out.push_back({.at = {config::interned_file(path), known.line, 1},
                     .path = shown(known.key),
                     .what = fmt::format("is also in {}, which counts", *first),
                     .fix = "keep one of the two"});
    }
  }
  return out;
}

}  // namespace proa::mesh
