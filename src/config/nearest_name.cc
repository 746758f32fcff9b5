#include "config/nearest_name.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "config/problems.h"

namespace proa::config {

namespace {

// Longer names are not compared letter by letter: the cost is the product of the lengths.
constexpr std::size_t kLongest = 128;

std::string folded(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '_' || c == '-' || c == ' ' || c == '.') continue;
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

/// Optimal string alignment distance over three rows.
std::size_t distance(std::string_view a, std::string_view b) {
  std::array<std::array<std::size_t, kLongest + 1>, 3> rows;
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i - 1) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], rows[(i - 2) % 3][j - 2] + 1);
      }
    }
  }
  return rows[a.size() % 3][b.size()];
}

struct Guess {
  std::size_t cost;
  std::string name;
};

std::vector<std::string> best_of(std::vector<Guess> guesses, std::size_t most) {
  std::ranges::sort(guesses,
                    [](const Guess& a, const Guess& b) { return std::tie(a.cost, a.name) < std::tie(b.cost, b.name); });
  std::vector<std::string> out;
  for (Guess& guess : guesses) {
    // A far guess beside a near one only distracts.
    if (out.size() == most || guess.cost > guesses.front().cost + 1) break;
    out.push_back(std::move(guess.name));
  }
  return out;
}

std::string_view last_part(std::string_view type) { return type.substr(type.rfind('.') + 1); }

/// How many dotted parts of `a` also occur in `b`.
std::size_t shared_parts(std::string_view a, std::string_view b) {
  const std::string within = "." + std::string(b) + ".";
  std::size_t count = 0;
  while (!a.empty()) {
    const std::string_view part = a.substr(0, a.find('.'));
    if (within.find("." + std::string(part) + ".") != std::string::npos) ++count;
    a.remove_prefix(std::min(a.size(), part.size() + 1));
  }
  return count;
}

}  // namespace

std::vector<std::string> nearest_names(std::string_view name, const std::vector<std::string>& known, std::size_t most) {
  const std::string wanted = folded(name);
  if (wanted.empty() || wanted.size() > kLongest) return {};
  std::vector<Guess> guesses;
  for (const std::string& candidate : known) {
    const std::string have = folded(candidate);
    if (have.empty() || have.size() > kLongest) continue;
    const std::size_t cost = distance(wanted, have);
    const std::size_t typing_errors = std::max<std::size_t>(1, std::min(wanted.size(), have.size()) / 4);
    const bool contains = wanted.size() >= 4 && have.size() >= 4 &&
                          (have.find(wanted) != std::string::npos || wanted.find(have) != std::string::npos);
    if (cost <= typing_errors) {
      guesses.push_back({cost, candidate});
    } else if (contains) {
      guesses.push_back({kLongest + cost, candidate});
    }
  }
  return best_of(std::move(guesses), most);
}

std::vector<std::string> nearest_types(std::string_view name, const std::vector<std::string>& known, std::size_t most) {
  std::vector<Guess> guesses;
  const std::string wanted = folded(last_part(name));
  if (wanted.empty() || wanted.size() > kLongest || name.size() > 4 * kLongest) return {};
  for (const std::string& candidate : known) {
    const std::string have = folded(last_part(candidate));
    if (have.empty() || have.size() > kLongest) continue;
    const std::size_t cost = distance(wanted, have);
    if (cost > std::min(wanted.size(), have.size()) / 4) continue;
    // There are many `Config` and `FilterConfig`: most of the packages must agree too.
    const std::size_t parts = shared_parts(name, candidate);
    const auto all = static_cast<std::size_t>(std::ranges::count(name, '.')) + 1;
    if (all > 1 && parts * 2 <= all) continue;
    guesses.push_back({cost * 16 + 16 - std::min<std::size_t>(parts, 15), candidate});
  }
  return best_of(std::move(guesses), most);
}

std::string did_you_mean(const std::vector<std::string>& names) {
  if (names.empty()) return {};
  std::vector<std::string> quoted;
  for (const std::string& name : names) quoted.push_back("'" + name + "'");
  return "did you mean " + one_of(quoted) + "?";
}

}  // namespace proa::config
