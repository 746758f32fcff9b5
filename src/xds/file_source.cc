#include "xds/file_source.h"

#include "base/log.h"
#include "config/config_file.h"
#include "envoy/service/discovery/v3/discovery.pb.h"
#include "xds/incoming.h"

namespace proa::xds {

FileSource::FileSource(net::Loop& loop, FileSourceOptions options, Observer& observer)
    : loop_(loop), options_(std::move(options)), holdings_(options_.type_url, observer) {}

Status FileSource::start() {
  started_ = due_ = true;
  loop_.end_of_turn(*this);
  Result<std::unique_ptr<net::FileWatcher>> watcher = net::FileWatcher::make(loop_);
  if (!watcher) return std::unexpected(watcher.error());
  watcher_ = std::move(*watcher);
  const bool file = options_.watched_directory.empty();
  auto changed = [this] { read(); };
  Result<net::FileWatcher::Watch> watch = file ? watcher_->watch_file(options_.path, changed)
                                               : watcher_->watch_directory(options_.watched_directory, changed);
  if (!watch) return std::unexpected(watch.error());
  watch_ = std::move(*watch);
  return {};
}

void FileSource::subscribe(std::string_view type_url, std::string_view name, const SubscribeOptions& options) {
  if (type_url != options_.type_url) return;
  SubscribeOptions without_time = options;
  without_time.initial_fetch_timeout = Milliseconds(0);
  if (!holdings_.want(name, without_time, loop_.now())) return;
  due_ = true;  // what nobody wanted was passed over
  loop_.end_of_turn(*this);
}

void FileSource::unsubscribe(std::string_view type_url, std::string_view name) {
  if (type_url == options_.type_url) holdings_.unwant(name);
}

std::optional<Held> FileSource::held(std::string_view type_url, std::string_view name) const {
  return type_url == options_.type_url ? holdings_.held(name) : std::nullopt;
}

void FileSource::for_each_held(std::string_view type_url,
                               const std::function<void(std::string_view name, const Held&)>& visit) const {
  if (type_url == options_.type_url) holdings_.for_each_held(visit);
}

void FileSource::run() {
  if (started_ && std::exchange(due_, false)) read();
}

void FileSource::read() {
  envoy::service::discovery::v3::DiscoveryResponse response;
  config::Marks marks;
  config::Problems problems;
  config::read_config({.file = options_.path, .yaml = {}}, response, marks, problems);
  holdings_.forget_unwanted();
  if (!problems.ok()) {
    holdings_.failed();
    log::get("xds").error("what came from {} is kept: {}", options_.path, problems.str());
    return holdings_.nothing_more();
  }
  response.set_type_url(options_.type_url);
  Incoming incoming;
  read_response(response, incoming);
  for (IncomingResource& resource : incoming.resources) resource.ttl.reset();  // nobody would renew it
  const std::string faults = holdings_.apply(incoming, loop_.now(), loop_.wall_now());
  if (!faults.empty()) log::get("xds").error("{}: refused: {}", options_.path, faults);
  holdings_.nothing_more();
}

}  // namespace proa::xds
