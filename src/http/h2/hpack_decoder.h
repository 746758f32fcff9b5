// HPACK decoding (RFC 7541): a header block to a FieldSection.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/h2/field_section.h"
#include "http/h2/hpack_table.h"

namespace proa::http::h2 {

enum class HpackStatus : uint8_t {
  kOk,
  kError,    ///< the block is not HPACK, or breaks its rules: COMPRESSION_ERROR
  kTooMuch,  ///< beyond the hard limit; the state is lost, the connection with it
};

/// Not thread-safe; one per connection. Blocks are given whole, in the order of their arrival.
class HpackDecoder {
 public:
  /// `table_size`: the SETTINGS_HEADER_TABLE_SIZE that we announce. Until the peer has acknowledged it the
  /// larger of it and the default holds.
  explicit HpackDecoder(uint32_t table_size);

  HpackStatus decode(std::string_view block, FieldSection& section);
  /// The peer has acknowledged our SETTINGS: from now on it must keep to our size, and say so in its next
  /// block when that is below what it used (RFC 7541 section 4.2).
  void settings_acknowledged();
  const DynamicTable& table() const { return table_; }

 private:
  struct Input;
  enum class Indexing : uint8_t { kNone, kNever, kAdd };
  HpackStatus indexed(Input& in, FieldSection& section);
  HpackStatus literal(Input& in, FieldSection& section, unsigned prefix_bits, Indexing indexing);
  bool size_update(Input& in);
  bool read_string(Input& in, std::string& scratch, std::string_view& text);
  /// The entry of an index; false when there is none. `owner` is null for a static one.
  bool look_up(uint32_t index, Field& field, TableEntry*& owner) const;

  DynamicTable table_;
  uint32_t announced_size_;
  uint32_t allowed_size_;
  bool must_shrink_ = false;
  std::string name_scratch_;  // Huffman-decoded text; released after blocks that needed much
  std::string value_scratch_;
};

}  // namespace proa::http::h2
