#include "observe/access_log.h"

#include <string>

namespace proa::observe {

void AccessLog::log(const StreamInfo& info) const {
  if (filter_ && !filter_->matches(info)) return;
  thread_local std::string line;  // keeps its capacity from line to line
  line.clear();
  if (format_->json) {
    format_->json->format(info, line);
    line += '\n';
  } else {
    format_->text.format(info, line);
  }
  file_->write(line);
}

}  // namespace proa::observe
