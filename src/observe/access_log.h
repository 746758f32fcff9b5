// Access logs: one line per exchange, formatted on the worker, written by LogFile.
#pragma once

#include <memory>

#include "observe/access_log_filter.h"
#include "observe/formatter.h"
#include "observe/log_file.h"

namespace proa::observe {

/// Immutable; any worker. A line must end as configured: the formatter adds no newline of its own.
class AccessLog {
 public:
  AccessLog(std::shared_ptr<LogFile> file, std::shared_ptr<const Formatter> formatter, AccessLogFilterPtr filter)
      : file_(std::move(file)), formatter_(std::move(formatter)), filter_(std::move(filter)) {}
  void log(const StreamInfo& info) const;

 private:
  std::shared_ptr<LogFile> file_;
  std::shared_ptr<const Formatter> formatter_;
  AccessLogFilterPtr filter_;  // null: every exchange
};

}  // namespace proa::observe
