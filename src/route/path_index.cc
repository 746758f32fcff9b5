#include "route/path_index.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "http/string_matcher.h"

namespace proa::route {
namespace {

// A match in progress borrows these from its thread, so that it allocates nothing once they have grown.
struct Scratch {
  std::string folded;
  std::vector<int> numbers;
  std::vector<uint32_t> regex_routes;
};
thread_local Scratch scratch;

}  // namespace

size_t PathIndex::Hash::operator()(std::string_view text) const { return XXH3_64bits(text.data(), text.size()); }

void PathIndex::add(const RouteMatch& match) {
  const uint32_t index = size_++;
  auto key = [&](const std::string& text) { return match.case_sensitive ? text : http::to_lower(text); };
  Keys& keys = match.case_sensitive ? keys_ : folded_keys_;
  auto add_regex = [&](const http::Regex& regex) {
    regexes_.add(regex);
    regex_routes_.push_back(index);
  };
  if (auto* prefix = std::get_if<PathPrefix>(&match.path)) {
    keys.prefixes.add(key(prefix->prefix), index, false);
  } else if (auto* exact = std::get_if<PathExact>(&match.path)) {
    keys.exact[key(exact->path)].push_back(index);
  } else if (auto* segments = std::get_if<PathSegments>(&match.path)) {
    keys.prefixes.add(key(segments->prefix), index, true);
  } else if (auto* regex = std::get_if<PathRegex>(&match.path)) {
    add_regex(regex->regex);
  } else if (auto* text = std::get_if<PathTemplate>(&match.path)) {
    add_regex(text->uri_template.regex());
  } else {
    connect_routes_.push_back(index);
  }
}

void PathIndex::compile() {
  keys_.prefixes.compile();
  folded_keys_.prefixes.compile();
  regexes_.compile();
}

PathIndex::Candidates::Candidates(const PathIndex& index, std::string_view path, bool connect)
    : index_(index), path_(path), regexes_due_(!path.empty() && !index.regex_routes_.empty()) {
  if (connect) add(index.connect_routes_);
  if (path.empty()) return;
  auto add_keys = [this](const Keys& keys, std::string_view text) {
    if (!keys.exact.empty()) {
      auto found = keys.exact.find(text);
      if (found != keys.exact.end()) add(found->second);
    }
    keys.prefixes.walk(text, [this](std::span<const uint32_t> list) { add(list); });
  };
  add_keys(index.keys_, path);
  if (!index.folded_keys_.empty()) {
    scratch.folded.assign(path);
    for (char& c : scratch.folded) c = http::to_lower(c);
    add_keys(index.folded_keys_, scratch.folded);
  }
}

void PathIndex::Candidates::add(std::span<const uint32_t> list) {
  if (list.empty()) return;
  Cursor cursor{list.data(), list.data() + list.size()};
  if (count_ < cursors_.size()) {
    cursors_[count_++] = cursor;
    return;
  }
  if (!more_) {
    static thread_local std::vector<Cursor> overflow;
    overflow.clear();
    more_ = &overflow;
  }
  more_->push_back(cursor);
}

void PathIndex::Candidates::match_regexes() {
  regexes_due_ = false;
  index_.regexes_.match(path_, scratch.numbers);
  scratch.regex_routes.clear();
  for (int number : scratch.numbers) scratch.regex_routes.push_back(index_.regex_routes_[number]);
  add(scratch.regex_routes);
}

uint32_t PathIndex::Candidates::next() {
  for (;;) {
    Cursor* lowest = nullptr;
    auto look = [&](Cursor& cursor) {
      if (cursor.at != cursor.end && (!lowest || *cursor.at < *lowest->at)) lowest = &cursor;
    };
    for (uint32_t i = 0; i < count_; ++i) look(cursors_[i]);
    if (more_) {
      for (Cursor& cursor : *more_) look(cursor);
    }
    // Expressions cost the most: only when one of them could come before what is known.
    if (regexes_due_ && (!lowest || index_.regex_routes_.front() < *lowest->at)) {
      match_regexes();
      continue;
    }
    return lowest ? *lowest->at++ : kEnd;
  }
}

}  // namespace proa::route
