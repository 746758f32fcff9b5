// The header fields of one message: an ordered list of slices.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/arena.h"
#include "http/header_id.h"

namespace proa::http {

class HeaderCase;

/// One field line. `name` is lower-case (codecs refuse or lower anything else); both slices outlive the
/// exchange (its arena, static storage, or the immutable configuration).
struct Header {
  std::string_view name;
  std::string_view value;
  HeaderId id = HeaderId::kOther;
  /// HPACK: the sender asked that this field is never put in a compression table (RFC 7541 section 6.2.3).
  bool sensitive = false;
};

/// Not thread-safe; belongs to one exchange. Order is kept. Most messages have fewer than 32 fields, so
/// look-ups walk the list and compare ids.
class HeaderList {
 public:
  explicit HeaderList(Arena& arena) : arena_(&arena) {}

  /// Appends; the caller guarantees the lifetime of both slices (see copy_*).
  void add(std::string_view lower_case_name, std::string_view value) {
    add({lower_case_name, value, header_id(lower_case_name)});
  }
  void add(HeaderId id, std::string_view value) { add({header_name(id), value, id}); }
  void add(const Header& header) {
    if (size_ == capacity_) [[unlikely]]
      grow();
    items_[size_++] = header;
  }
  /// Replaces the first field of that name and removes the others; appends when there is none.
  void set(HeaderId id, std::string_view value);
  void set(std::string_view lower_case_name, std::string_view value);
  /// Removes all fields of that name; returns how many.
  size_t remove(HeaderId id);
  size_t remove(std::string_view lower_case_name);
  template <class Predicate>
  size_t remove_if(Predicate predicate) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < size_; ++i) {
      if (!predicate(static_cast<const Header&>(items_[i]))) items_[kept++] = items_[i];
    }
    size_t removed = size_ - kept;
    size_ = kept;
    return removed;
  }

  /// The first field of that name, or nullptr.
  const Header* find(HeaderId id) const {
    for (uint32_t i = 0; i < size_; ++i) {
      if (items_[i].id == id) return &items_[i];
    }
    return nullptr;
  }
  const Header* find(std::string_view lower_case_name) const;
  /// The first value, or an empty slice.
  std::string_view value(HeaderId id) const {
    const Header* header = find(id);
    return header ? header->value : std::string_view();
  }
  bool has(HeaderId id) const { return find(id) != nullptr; }
  size_t count(HeaderId id) const;
  /// All values of that name joined with "," (RFC 9110 section 5.3); a slice of the only one when there is
  /// one, otherwise built in the arena. `found` tells an empty value from an absent field.
  std::string_view joined(std::string_view lower_case_name, bool* found = nullptr) const;

  std::span<const Header> all() const { return {items_, size_}; }
  std::span<Header> all() { return {items_, size_}; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear() { size_ = 0; }
  /// name + value + 32 for each field, as HPACK counts them (RFC 7541 section 4.1).
  size_t byte_size() const;
  Arena& arena() const { return *arena_; }
  /// How an HTTP/1 peer is to see the names; null, as a rule: lower-case.
  const HeaderCase* spelling() const { return spelling_; }
  void set_spelling(const HeaderCase* spelling) { spelling_ = spelling; }

 private:
  void grow();
  Arena* arena_;
  const HeaderCase* spelling_ = nullptr;
  Header* items_ = nullptr;
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
};

}  // namespace proa::http
