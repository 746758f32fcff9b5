// Secrets that are files of the host, by the names that translation gives them: "file-cert:CERT~KEY", "file-root:FILE", and
// "file-root:system" for the roots that the system trusts.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mesh/push/resource.h"
#include "net/file_watch.h"
#include "net/loop.h"

namespace proa::mesh {

/// Reads one. Fails when a file is missing or is not what the name says, so that nothing but certificates, and a key that
/// fits its certificate, is ever handed out; no reason has any of a file's content.
Result<std::shared_ptr<const Resource>> read_file_secret(const std::string& name);

/// On its loop's thread. What somebody has asked for is watched from then on; what cannot be read any more stays as it was.
class FileSecrets {
 public:
  /// `changed`: there is something else in all().
  FileSecrets(net::Loop& loop, std::function<void()> changed);

  static bool is_one(std::string_view name) { return name.starts_with("file-cert:") || name.starts_with("file-root:"); }
  /// Returns whether all() has changed.
  bool ask(const std::string& name);
  const ResourceSet::Named& all() const { return read_; }

  /// Names beyond are not looked at: a proxy has no such many.
  static constexpr size_t kMost = 1'000;

 private:
  bool read(const std::string& name);
  void watch(const std::string& name);

  net::Loop& loop_;
  const std::function<void()> changed_;
  std::unique_ptr<net::FileWatcher> watcher_;
  std::map<std::string, std::vector<net::FileWatcher::Watch>, std::less<>> asked_;
  ResourceSet::Named read_;
};

}  // namespace proa::mesh
