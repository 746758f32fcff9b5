// FieldPath: the way from a document's root to a field, and Marks: where each set field stands in its file.
//
// Marks are keyed by a hash of the printed path, not by message pointers: an Any is unpacked into a new message
// each time it is read, a merge copies, and the path stays the same. The inside of an Any belongs to the path of
// the Any: static_resources.listeners[0].filter_chains[0].filters[0].typed_config.http_filters[1].typed_config.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/problems.h"

namespace proa::config {

/// A chain on the stack. Each step points to its parent and to the text of its name, so both must outlive it;
/// that is why stepping from a temporary does not compile. A step may name several fields: at / "a.b.c".
class FieldPath {
 public:
  FieldPath() = default;
  /// A labelled root for what has no file: FieldPath("Listener \"inbound\"").
  explicit FieldPath(std::string_view label) : name_(label), hash_(hashed(kSeed, label)) {}

  FieldPath operator/(std::string_view field) const&;
  FieldPath operator/(std::string_view field) const&& = delete;
  FieldPath operator[](std::size_t index) const&;
  FieldPath operator[](std::size_t index) const&& = delete;
  /// An entry of a map; `key` is printed like a field when it is a word, else as ["key"].
  FieldPath entry(std::string_view key) const&;
  FieldPath entry(std::string_view key) const&& = delete;

  std::string str() const;
  std::uint64_t hash() const { return hash_; }
  const FieldPath* parent() const { return parent_; }
  bool root() const { return parent_ == nullptr; }

 private:
  enum class Step : std::uint8_t { field, index, entry };
  static constexpr std::uint64_t kSeed = 0xcbf29ce484222325;
  static constexpr std::uint64_t hashed(std::uint64_t hash, std::string_view text) {  // FNV-1a
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return hash;
  }

  FieldPath(const FieldPath* parent, Step step, std::string_view name, std::size_t index);
  bool empty() const { return parent_ == nullptr && name_.empty(); }
  /// This step as it is printed after its parent.
  std::string printed() const;

  const FieldPath* parent_ = nullptr;
  std::string_view name_;
  std::size_t index_ = 0;
  std::uint64_t hash_ = kSeed;
  Step step_ = Step::field;
};

/// The side table of a document: path -> marks of its key and of its value. Freed once the document is compiled.
/// Used by one thread.
class Marks {
 public:
  void set(const FieldPath& path, const Mark& key, const Mark& value);

  /// Where the value stands; where it is absent, the nearest enclosing field that has a place.
  Mark find(const FieldPath& path) const;
  /// Where its key stands (an item of a list: the item), else as find().
  Mark key(const FieldPath& path) const;
  /// Whether this very path was written in a file.
  bool has(const FieldPath& path) const { return lookup(path.hash()) != nullptr; }

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t hash;
    std::uint32_t key_line, key_column, line, column;
    std::uint32_t file;
    std::uint32_t order;  // of set()
  };
  const Entry* lookup(std::uint64_t hash) const;
  const Entry* nearest(const FieldPath& path, bool& exact) const;

  std::vector<std::string_view> files_;
  mutable std::vector<Entry> entries_;  // sorted by hash at the first lookup after a set()
  mutable bool sorted_ = true;
};

}  // namespace proa::config
