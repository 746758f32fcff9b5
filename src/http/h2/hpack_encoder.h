// HPACK encoding (RFC 7541): static table and literals; a small dynamic table and Huffman where they pay.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/h2/hpack_table.h"
#include "http/headers.h"

namespace proa::http::h2 {

/// Not thread-safe; one per connection. Blocks are sent in the order in which they are encoded, except for
/// those made in stateless mode.
///
/// How to use it: room = bound of all fields; begin(out), fields..., the end of what was written is the result.
class HpackEncoder {
 public:
  /// `table_size`: the most that we use, whatever the peer allows; 0: no dynamic table.
  HpackEncoder(uint32_t table_size, bool huffman)
      : cap_(table_size), huffman_(huffman), table_(table_size < kDefaultTableSize ? table_size : kDefaultTableSize) {}

  /// Room that one field takes at most.
  static constexpr size_t bound(size_t name_size, size_t value_size) { return name_size + value_size + 12; }
  static size_t bound(const HeaderList& headers);
  static constexpr size_t kBeginBound = 12;

  /// Starts a block: writes the table size updates that are due.
  char* begin(char* out);
  char* field(char* out, const Header& header);
  char* fields(char* out, const HeaderList& headers);
  char* method(char* out, std::string_view method);
  char* scheme(char* out, std::string_view scheme);
  char* path(char* out, std::string_view path);
  char* authority(char* out, std::string_view authority);
  char* protocol(char* out, std::string_view protocol);
  char* status(char* out, uint16_t status);

  /// A block that neither reads nor changes the state, so that it may be sent at any later time.
  char* stateless_fields(char* out, const HeaderList& headers) const;

  /// The peer's SETTINGS_HEADER_TABLE_SIZE.
  void set_peer_table_size(uint32_t size);
  const DynamicTable& table() const { return table_; }

 private:
  char* string(char* out, std::string_view text) const;
  char* literal(char* out, uint8_t pattern, unsigned prefix_bits, uint32_t name_index, std::string_view name,
                std::string_view value) const;
  /// From the dynamic table, or as a literal that enters it.
  char* indexed_or_added(char* out, const Field& field, uint32_t static_index);

  uint32_t cap_;
  bool huffman_;
  bool update_due_ = false;
  uint32_t lowest_ = 0;                     // since the last block, when an update is due
  uint32_t peer_view_ = kDefaultTableSize;  // the table size that the peer's decoder has now
  DynamicTable table_;
};

}  // namespace proa::http::h2
