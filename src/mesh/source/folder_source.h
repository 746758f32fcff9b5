// FolderSource: the objects in a folder of YAML and JSON files and the folders in it, or in one file. Changes are seen
// by inotify: a file counts when it has been closed, moved or linked into place, so that one half written is never read.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mesh/source/source.h"
#include "net/fd.h"
#include "net/loop.h"

namespace proa::mesh {

/// Used on its loop's thread, and must not be destroyed in its callback.
class FolderSource final : public Source, private net::EventSource {
 public:
  struct Options {
    std::string path;
    /// The file is one object of this kind and says neither apiVersion nor kind: a MeshConfig.
    std::optional<Kind> implied{};
  };

  FolderSource(net::Loop& loop, Options options) : loop_(loop), options_(std::move(options)) {}
  ~FolderSource() override;

  Status start(Changed changed) override;
  std::vector<config::Problem> problems() const override;

 private:
  struct Known {
    ObjectKey key;
    std::uint64_t contents = 0;
    std::uint32_t line = 0;
  };
  /// What a file held when it was last well.
  struct File {
    std::vector<Known> objects{};
    std::vector<config::Problem> problems{};
  };
  using Documents = std::map<ObjectKey, std::shared_ptr<const Document>>;

  void on_events(std::uint32_t events) override;
  void note(const std::string& folder, std::string_view name, std::uint32_t mask);
  void list(const std::string& folder, std::set<std::string>& files);
  void refresh();
  /// Reads one file into `files_`; its documents, and the keys it had or has.
  void load(const std::string& path, std::map<std::string, Documents>& loaded, std::set<ObjectKey>& touched);
  /// Who defines the object: of several files the first by name.
  const std::string* owner(const ObjectKey& key) const;

  net::Loop& loop_;
  Options options_;
  Changed changed_;
  net::Fd fd_;
  net::WatchId watch_;
  bool one_file_ = false;
  std::map<int, std::string> folders_;  // by inotify's number
  std::map<std::string, File> files_;
  std::map<ObjectKey, std::set<std::string>> definers_;
  std::map<ObjectKey, std::pair<std::string, Known>> given_;  // what was last told, and out of which file
  std::set<std::string> due_;
  bool everything_due_ = false;
  std::vector<config::Problem> folder_problems_;
};

}  // namespace proa::mesh
