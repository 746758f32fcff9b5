#include "route/regex_set.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>

namespace proa::route {
namespace {

constexpr size_t kFew = 3;  // up to here the expressions themselves are faster than a set

// What the automaton of a set may take: grows with the set, in pages as it is used.
int64_t memory_budget(size_t expressions) {
  return std::clamp<int64_t>(static_cast<int64_t>(expressions) * 128 * 1024, 8 << 20, 256 << 20);
}

}  // namespace

struct RegexSet::Part {
  size_t begin = 0;  // numbers [begin, end)
  size_t end = 0;
  std::unique_ptr<re2::RE2::Set> set;  // null: one by one
};

RegexSet::RegexSet() = default;
RegexSet::~RegexSet() = default;
RegexSet::RegexSet(RegexSet&&) noexcept = default;
RegexSet& RegexSet::operator=(RegexSet&&) noexcept = default;

void RegexSet::compile() { compile_range(0, regexes_.size()); }

void RegexSet::compile_range(size_t begin, size_t end) {
  if (begin == end) return;
  Part part;
  part.begin = begin;
  part.end = end;
  if (end - begin > kFew) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(memory_budget(end - begin));
    part.set = std::make_unique<re2::RE2::Set>(options, re2::RE2::ANCHOR_BOTH);
    bool good = true;
    for (size_t i = begin; i < end && good; ++i) good = part.set->Add(regexes_[i].pattern(), nullptr) >= 0;
    if (!good || !part.set->Compile()) {  // too large: two halves
      compile_range(begin, begin + (end - begin) / 2);
      compile_range(begin + (end - begin) / 2, end);
      return;
    }
  }
  parts_.push_back(std::move(part));
}

void RegexSet::match(std::string_view text, std::vector<int>& matched) const {
  matched.clear();
  static thread_local std::vector<int> found;
  for (const Part& part : parts_) {
    if (part.set) {
      re2::RE2::Set::ErrorInfo error{};
      if (part.set->Match({text.data(), text.size()}, &found, &error)) {
        std::sort(found.begin(), found.end());
        for (int i : found) matched.push_back(static_cast<int>(part.begin) + i);
        continue;
      }
      if (error.kind == re2::RE2::Set::kNoError) continue;
    }
    for (size_t i = part.begin; i < part.end; ++i) {
      if (regexes_[i].full_match(text)) matched.push_back(static_cast<int>(i));
    }
  }
}

}  // namespace proa::route
