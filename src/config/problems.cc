#include "config/problems.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <tuple>

namespace proa::config {

std::string_view interned_file(std::string_view name) {
  static std::mutex mutex;
  static std::set<std::string, std::less<>> names;
  const std::lock_guard lock(mutex);
  auto found = names.find(name);
  if (found == names.end()) found = names.emplace(name).first;
  return *found;
}

std::string Problem::str() const {
  std::string out;
  if (!at.file.empty()) out += at.file;
  if (at.known()) out += fmt::format("{}{}:{}", out.empty() ? "" : ":", at.line, at.column);
  if (!out.empty()) out += ": ";
  if (severity == Severity::warning) out += "warning: ";
  if (!path.empty()) out += path + ": ";
  out += what;
  if (!fix.empty()) out += "; " + fix;
  return out;
}

void Problems::add(Problem problem) {
  ++(problem.severity == Severity::error ? errors_ : warnings_);
  if (all_.size() < kKept) all_.push_back(std::move(problem));
}

void Problems::error(const Mark& at, std::string path, std::string what, std::string fix) {
  add({Severity::error, at, std::move(path), std::move(what), std::move(fix)});
}

void Problems::warning(const Mark& at, std::string path, std::string what, std::string fix) {
  add({Severity::warning, at, std::move(path), std::move(what), std::move(fix)});
}

std::string Problems::str() const {
  if (errors_ + warnings_ == 0) return {};
  std::vector<const Problem*> sorted;
  for (const Problem& problem : all_) sorted.push_back(&problem);
  std::ranges::sort(sorted, [](const Problem* a, const Problem* b) {  // of one place: in the order found
    return std::tie(a->at.file, a->at.line, a->at.column, a) < std::tie(b->at.file, b->at.line, b->at.column, b);
  });
  std::string out;
  for (const Problem* problem : sorted) out += problem->str() + "\n";
  if (errors_ + warnings_ > all_.size()) out += fmt::format("... and {} more\n", errors_ + warnings_ - all_.size());
  const auto count = [](std::size_t n, std::string_view word) {
    return fmt::format("{} {}{}", n, word, n == 1 ? "" : "s");
  };
  if (errors_ != 0) out += count(errors_, "error");
  if (errors_ != 0 && warnings_ != 0) out += ", ";
  if (warnings_ != 0) out += count(warnings_, "warning");
  return out + "\n";
}

std::string shown(std::string_view value) {
  constexpr std::size_t kLongest = 60;
  std::string out = "\"";
  std::size_t used = 0;
  for (const char c : value) {
    // Not in the middle of a UTF-8 sequence.
    if (used >= kLongest && (static_cast<unsigned char>(c) & 0xC0) != 0x80) return out + "...\"";
    ++used;
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string one_of(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i != 0) out += i + 1 == names.size() ? " or " : ", ";
    out += names[i];
  }
  return out;
}

}  // namespace proa::config
