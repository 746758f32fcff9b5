// HPACK's tables (RFC 7541 section 2.3): the static one, and a dynamic one as a ring of shared entries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "http/h2/field.h"

namespace proa::http::h2 {

inline constexpr uint32_t kStaticEntries = 61;
inline constexpr uint32_t kFieldOverhead = 32;       ///< RFC 7541 section 4.1
inline constexpr uint32_t kDefaultTableSize = 4096;  ///< of a peer that has sent no SETTINGS

/// The static entry of index 1..61. Its slices live for ever.
const Field& static_entry(uint32_t index);
/// The static index whose name is that of the header, or 0.
uint32_t static_name_index(HeaderId id);

/// An entry of a dynamic table. Shared, so that an exchange can go on using a value after its eviction without
/// copying it. Not thread-safe: all owners are on one worker.
class TableEntry {
 public:
  static TableEntry* make(const Field& field);  ///< with one reference; copies name and value
  void hold() { ++references_; }
  void release();
  Field field() const { return {{name_, name_size_}, {value_, value_size_}, id_, pseudo_, fault_, false}; }
  uint32_t size() const { return name_size_ + value_size_ + kFieldOverhead; }

 private:
  TableEntry() = default;
  uint32_t references_ = 1;
  uint32_t name_size_ = 0;
  uint32_t value_size_ = 0;
  HeaderId id_ = HeaderId::kOther;
  Pseudo pseudo_ = Pseudo::kNone;
  FieldFault fault_ = FieldFault::kNone;
  const char* name_ = nullptr;  // static, or behind this object
  const char* value_ = nullptr;
};

/// A reference that an Arena can own.
class TableEntryRef {
 public:
  explicit TableEntryRef(TableEntry* entry) : entry_(entry) { entry_->hold(); }
  ~TableEntryRef() { entry_->release(); }
  TableEntryRef(const TableEntryRef&) = delete;
  TableEntryRef& operator=(const TableEntryRef&) = delete;

 private:
  TableEntry* entry_;
};

/// Holds no memory until the first insertion.
class DynamicTable {
 public:
  explicit DynamicTable(uint32_t max_size) : max_size_(max_size) {}
  ~DynamicTable() { evict_to(0); }
  DynamicTable(const DynamicTable&) = delete;
  DynamicTable& operator=(const DynamicTable&) = delete;

  /// 0 is the newest. Precondition: index < count().
  TableEntry* at(uint32_t index) const { return ring_[(newest_ - index) & mask_]; }
  uint32_t count() const { return count_; }
  uint32_t size() const { return size_; }
  uint32_t max_size() const { return max_size_; }
  /// Evicts what does not fit (RFC 7541 section 4.3).
  void set_max_size(uint32_t size) {
    max_size_ = size;
    evict_to(size);
  }
  /// Evicts, then adds; an entry larger than the table empties it (RFC 7541 section 4.4). Takes over the
  /// caller's reference.
  void insert(TableEntry* entry);

 private:
  void evict_to(uint32_t size);
  void grow();

  std::unique_ptr<TableEntry*[]> ring_;
  uint32_t mask_ = 0;
  uint32_t newest_ = 0;
  uint32_t count_ = 0;
  uint32_t size_ = 0;
  uint32_t max_size_;
};

}  // namespace proa::http::h2
