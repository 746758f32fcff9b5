#include "cli/proa/command.h"

#include <fmt/format.h>

#include <cstdio>

namespace proa::cli {

int complain(const std::string& why) {
  std::fputs(fmt::format("proa: {}\n", why).c_str(), stderr);
  return kExitFailed;
}

std::string examples(const std::vector<std::string>& lines) {
  size_t width = 0;
  for (const std::string& line : lines) {
    if (line.find('#') < line.size()) width = std::max(width, line.find('#'));
  }
  std::string out = "Examples:";
  for (const std::string& line : lines) {
    const size_t mark = std::min(line.find('#'), line.size());
    const std::string comment = mark < line.size() ? "  # " + line.substr(mark + 1) : "";
    out += comment.empty() ? "\n  " + line : fmt::format("\n  {:<{}}{}", line.substr(0, mark), width, comment);
  }
  return out;
}

}  // namespace proa::cli
