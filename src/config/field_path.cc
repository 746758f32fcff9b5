#include "config/field_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace proa::config {

namespace {

bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace

FieldPath::FieldPath(const FieldPath* parent, Step step, std::string_view name, std::size_t index)
    : parent_(parent), name_(name), index_(index), step_(step) {
  // Plain fields are hashed without building the text: there are many of them.
  if (step_ == Step::field) {
    hash_ = hashed(parent->empty() ? parent->hash_ : hashed(parent->hash_, "."), name_);
  } else {
    hash_ = hashed(parent->hash_, printed());
  }
}

FieldPath FieldPath::operator/(std::string_view field) const& { return {this, Step::field, field, 0}; }
FieldPath FieldPath::operator[](std::size_t index) const& { return {this, Step::index, {}, index}; }
FieldPath FieldPath::entry(std::string_view key) const& { return {this, Step::entry, key, 0}; }

std::string FieldPath::printed() const {
  if (parent_ == nullptr) return std::string(name_);
  const std::string_view dot = parent_->empty() ? "" : ".";
  switch (step_) {
    case Step::field: return fmt::format("{}{}", dot, name_);
    case Step::index: return fmt::format("[{}]", index_);
    case Step::entry: break;
  }
  return is_word(name_) ? fmt::format("{}{}", dot, name_) : fmt::format("[{}]", shown(name_));
}

std::string FieldPath::str() const {
  std::string out = parent_ == nullptr ? std::string() : parent_->str();
  return out += printed();
}

void Marks::set(const FieldPath& path, const Mark& key, const Mark& value) {
  auto file = std::ranges::find(files_, value.file);
  if (file == files_.end()) file = files_.insert(files_.end(), value.file);
  entries_.push_back({path.hash(), key.line, key.column, value.line, value.column,
                      static_cast<std::uint32_t>(file - files_.begin()), static_cast<std::uint32_t>(entries_.size())});
  sorted_ = false;
}

const Marks::Entry* Marks::lookup(std::uint64_t hash) const {
  if (!sorted_) {
    std::ranges::sort(
        entries_, [](const Entry& a, const Entry& b) { return std::tie(a.hash, a.order) < std::tie(b.hash, b.order); });
    sorted_ = true;
  }
  // Of two entries for one path the later stands: an override is read after the file.
  auto after = std::ranges::upper_bound(entries_, hash, {}, &Entry::hash);
  if (after == entries_.begin() || std::prev(after)->hash != hash) return nullptr;
  return &*std::prev(after);
}

const Marks::Entry* Marks::nearest(const FieldPath& path, bool& exact) const {
  for (const FieldPath* at = &path; at != nullptr; at = at->parent()) {
    if (const Entry* entry = lookup(at->hash())) {
      exact = at == &path;
      return entry;
    }
  }
  return nullptr;
}

Mark Marks::find(const FieldPath& path) const {
  bool exact = false;
  const Entry* entry = nearest(path, exact);
  if (entry == nullptr) return {};
  // Of an enclosing field the key is what a reader looks for: "listeners:" rather than its first dash.
  if (!exact) return {files_[entry->file], entry->key_line, entry->key_column};
  return {files_[entry->file], entry->line, entry->column};
}

Mark Marks::key(const FieldPath& path) const {
  bool exact = false;
  const Entry* entry = nearest(path, exact);
  return entry == nullptr ? Mark{} : Mark{files_[entry->file], entry->key_line, entry->key_column};
}

}  // namespace proa::config
