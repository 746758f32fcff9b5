#include "cli/proa/unified_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace proa::cli {

namespace {

using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view text) {
  Lines out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

struct Edit {
  char sign;  ///< ' ', '-' or '+'
  std::string_view line;
};

std::vector<Edit> all_of(const Lines& a, const Lines& b) {
  std::vector<Edit> out;
  for (const std::string_view line : a) out.push_back({'-', line});
  for (const std::string_view line : b) out.push_back({'+', line});
  return out;
}

/// How far some number of changes come: on diagonal k, a line less of `b` is left than of `a` by k.
class Reach {
 public:
  explicit Reach(std::int64_t most) : most_(most), far_(static_cast<std::size_t>(2 * most + 1)) {}
  std::int64_t& operator[](std::int64_t k) { return far_[static_cast<std::size_t>(k + most_)]; }

 private:
  std::int64_t most_;
  std::vector<std::int64_t> far_;
};

bool goes_down(Reach& before, std::int64_t k, std::int64_t changes) {
  return k == -changes || (k != changes && before[k - 1] < before[k + 1]);
}

/// The fewest changes (Myers, "An O(ND) difference algorithm and its variations"). Texts that have next to nothing in common
/// are told as two.
std::vector<Edit> edits_between(const Lines& a, const Lines& b) {
  constexpr std::int64_t kMostChanges = 4000;
  const auto n = static_cast<std::int64_t>(a.size()), m = static_cast<std::int64_t>(b.size());
  std::vector<Reach> reached{Reach(1)};  // before the change of that number
  for (std::int64_t changes = 0, done = 0; done == 0; ++changes) {
    if (changes > kMostChanges) return all_of(a, b);
    Reach& before = reached.back();
    Reach far(changes + 1);
    for (std::int64_t k = -changes; k <= changes; k += 2) {
      std::int64_t x = changes == 0 ? 0 : goes_down(before, k, changes) ? before[k + 1] : before[k - 1] + 1;
      while (x < n && x - k < m && a[static_cast<std::size_t>(x)] == b[static_cast<std::size_t>(x - k)]) ++x;
      far[k] = x;
      if (x >= n && x - k >= m) done = 1;
    }
    if (done == 0) reached.push_back(std::move(far));
  }
  std::vector<Edit> out;
  std::int64_t x = n, y = m;
  for (std::int64_t changes = static_cast<std::int64_t>(reached.size()) - 1; changes >= 0; --changes) {
    Reach& before = reached[static_cast<std::size_t>(changes)];
    const std::int64_t k = x - y;
    const bool down = changes == 0 || goes_down(before, k, changes);
    const std::int64_t from_x = changes == 0 ? 0 : before[down ? k + 1 : k - 1];
    const std::int64_t from_y = changes == 0 ? 0 : from_x - (down ? k + 1 : k - 1);
    while (x > from_x && y > from_y) {
      out.push_back({' ', a[static_cast<std::size_t>(--x)]});
      --y;
    }
    if (changes == 0) break;
    out.push_back(down ? Edit{'+', b[static_cast<std::size_t>(--y)]} : Edit{'-', a[static_cast<std::size_t>(--x)]});
  }
  std::ranges::reverse(out);
  return out;
}

/// "12,3", as `diff` writes a range; an empty one is before its line.
std::string range(std::size_t first, std::size_t count) {
  if (count == 1) return std::to_string(first);
  return fmt::format("{},{}", count == 0 ? first - 1 : first, count);
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after, std::string_view before_name,
                         std::string_view after_name) {
  constexpr std::size_t kAround = 3;
  const std::vector<Edit> edits = edits_between(lines_of(before), lines_of(after));
  std::string out;
  std::size_t line_a = 1, line_b = 1;  // of edits[at]
  for (std::size_t at = 0; at < edits.size();) {
    std::size_t change = at;
    while (change < edits.size() && edits[change].sign == ' ') ++change;
    if (change == edits.size()) break;
    const std::size_t begin = std::max(at, change - std::min(change, kAround));
    std::size_t end = change;  // one behind the last line, when no change is near
    for (std::size_t i = change, same = 0; i < edits.size() && same <= 2 * kAround; ++i) {
      same = edits[i].sign == ' ' ? same + 1 : 0;
      if (same == 0) end = i + 1;
    }
    end = std::min(edits.size(), end + kAround);
    line_a += begin - at;
    line_b += begin - at;
    std::string lines;
    std::size_t in_a = 0, in_b = 0;
    for (std::size_t i = begin; i < end; ++i) {
      lines += edits[i].sign;
      lines += edits[i].line;
      if (!edits[i].line.ends_with('\n')) lines += "\n\\ No newline at end of file\n";
      in_a += edits[i].sign != '+';
      in_b += edits[i].sign != '-';
    }
    if (out.empty()) out = fmt::format("--- {}\n+++ {}\n", before_name, after_name);
    out += fmt::format("@@ -{} +{} @@\n{}", range(line_a, in_a), range(line_b, in_b), lines);
    line_a += in_a;
    line_b += in_b;
    at = end;
  }
  return out;
}

}  // namespace proa::cli
