// Discovery from a file: a DiscoveryResponse as .yaml, .json, .pb or .pb_text, read again whenever it changes.
#pragma once

#include <memory>
#include <string>

#include "net/file_watch.h"
#include "net/loop.h"
#include "xds/holdings.h"
#include "xds/source.h"

namespace proa::xds {

/// ConfigSource.path_config_source, for resources of one type.
struct FileSourceOptions {
  std::string path;
  std::string watched_directory;  ///< any change in it counts, for mounted secrets; empty: the file itself is watched
  std::string type_url;
};

/// On its loop's thread. Of clusters and listeners the file is the whole list; of other types what it lacks stays as
/// it was. A file that cannot be read changes nothing; of one with bad resources the good ones are taken. Nothing is
/// waited for: a name that the file lacks is absent at once, and the fetch of all of a type times out at once when there
/// is no readable file.
class FileSource final : public Source, private net::EndOfTurn {
 public:
  FileSource(net::Loop& loop, FileSourceOptions options, Observer& observer);

  /// Watches, and reads at the end of this turn. Fails when the directory cannot be watched; without a watch the file
  /// is read all the same.
  Status start();

  // `type_url` is the one of the options; any other is never held.
  void subscribe(std::string_view type_url, std::string_view name, const SubscribeOptions& options = {}) override;
  void unsubscribe(std::string_view type_url, std::string_view name) override;
  void pause(std::string_view) override {}  // nobody is asked
  void resume(std::string_view) override {}
  std::optional<Held> held(std::string_view type_url, std::string_view name) const override;
  void for_each_held(std::string_view type_url,
                     const std::function<void(std::string_view name, const Held&)>& visit) const override;

 private:
  void run() override;
  void read();

  net::Loop& loop_;
  FileSourceOptions options_;
  Holdings holdings_;
  std::unique_ptr<net::FileWatcher> watcher_;
  net::FileWatcher::Watch watch_;
  bool started_ = false;
  bool due_ = false;
};

}  // namespace proa::xds
