#include "config/tls_reload.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/descriptor.h>

#include <algorithm>

#include "base/log.h"
#include "config/walk.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/core/v3/config_source.pb.h"

namespace proa::config {

namespace core = envoy::config::core::v3;

namespace {

constexpr observe::StatDef kStats[] = {{"ssl_context_reloaded"}, {"ssl_context_reload_failed"}};

void collect(const google::protobuf::Message& message, const Site& at, TlsFiles& found) {
  if (const auto* source = dynamic_cast<const core::DataSource*>(&message)) {
    if (source->has_filename()) found.files.insert(source->filename());
  } else if (const auto* watched = dynamic_cast<const core::WatchedDirectory*>(&message)) {
    found.directories.insert(watched->path());
  }
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const auto* field : fields) {
    each_message(message, *field, at,
                 [&](const google::protobuf::Message& child, const Site& place) { collect(child, place, found); });
  }
}

}  // namespace

const observe::StatSchema kTlsReloadSchema{.prefix = "server", .stats = kStats};

TlsFiles tls_files(const google::protobuf::Message& context) {
  TlsFiles found;
  const Marks marks;
  Problems none;
  collect(context, Site(marks, none, {}), found);
  return found;
}

TlsReload::TlsReload(net::Loop& loop, std::shared_ptr<observe::StatGroup> stats)
    : loop_(loop), stats_(std::move(stats)), settle_(net::Timer::of<&TlsReload::on_settled>(this)) {}

size_t TlsReload::size() {
  forget_unwanted();
  return entries_.size();
}

void TlsReload::watch_entry(std::shared_ptr<Entry> entry, const TlsFiles& files) {
  forget_unwanted();
  if (!watcher_) {
    Result<std::unique_ptr<net::FileWatcher>> made = net::FileWatcher::make(loop_);
    if (!made) {
      log::get("config").error("certificates of {} will not be reloaded: {}", entry->where, made.error().message);
      return;
    }
    watcher_ = std::move(*made);
  }
  for (const std::string& path : files.files) add_watch(entry, path, /*directory=*/false);
  for (const std::string& path : files.directories) add_watch(entry, path, /*directory=*/true);
  entries_.push_back(std::move(entry));
}

void TlsReload::add_watch(const std::shared_ptr<Entry>& entry, const std::string& path, bool directory) {
  auto changed = [this, path, weak = std::weak_ptr(entry)] {
    auto alive = weak.lock();
    if (!alive) return;
    alive->changed.insert(path);
    if (!settle_.active()) settle_.start(loop_, kSettle);
  };
  auto watch = directory ? watcher_->watch_directory(path, changed) : watcher_->watch_file(path, changed);
  if (watch) {
    entry->watches.push_back(std::move(*watch));
  } else {
    log::get("config").error("certificates of {} will not be reloaded: {}", entry->where, watch.error().message);
  }
}

void TlsReload::forget_unwanted() {
  std::erase_if(entries_, [](const auto& entry) { return !entry->wanted(); });
}

void TlsReload::on_settled() {
  forget_unwanted();
  for (const auto& entry : entries_) {
    if (entry->changed.empty()) continue;
    const std::string files = fmt::format("{}", fmt::join(entry->changed, ", "));
    entry->changed.clear();
    if (Status done = entry->reload()) {
      stats_->add(TlsReloadStat::kReloaded);
      log::get("config").info("{}: reloaded for {}", files, entry->where);
    } else {
      stats_->add(TlsReloadStat::kFailed);
      log::get("config").error("{}: {}; {} keeps the certificates it has", files, done.error().message, entry->where);
    }
  }
}

}  // namespace proa::config
