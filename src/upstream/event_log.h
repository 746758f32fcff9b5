// A file of JSON lines that the main loop appends to: outlier and health check events.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/fd.h"

namespace proa::upstream {

/// One thread. A file that cannot be opened or written is reported once in the application log and then ignored:
/// a full disk must not stop traffic.
class EventLog {
 public:
  explicit EventLog(std::string path);
  /// Appends `line` and a newline with one write.
  void write(std::string_view line);
  /// The log for `path`, shared by all clusters that name it; null for an empty path.
  static std::shared_ptr<EventLog> open(const std::string& path);

 private:
  std::string path_;
  net::Fd file_;
  bool broken_ = false;
};

}  // namespace proa::upstream
