// Access logs: one line per exchange, formatted on the worker, written by LogFile.
#pragma once

#include <memory>
#include <optional>

#include "observe/access_log_filter.h"
#include "observe/formatter.h"
#include "observe/log_file.h"

namespace proa::observe {

/// Text, which ends as configured, or one JSON object a line.
struct LogFormat {
  Formatter text;
  std::optional<JsonFormatter> json;
};

/// Immutable; any worker.
class AccessLog {
 public:
  AccessLog(std::shared_ptr<LogFile> file, std::shared_ptr<const LogFormat> format, AccessLogFilterPtr filter)
      : file_(std::move(file)), format_(std::move(format)), filter_(std::move(filter)) {}
  void log(const StreamInfo& info) const;

 private:
  std::shared_ptr<LogFile> file_;
  std::shared_ptr<const LogFormat> format_;
  AccessLogFilterPtr filter_;  // null: every exchange
};

}  // namespace proa::observe
