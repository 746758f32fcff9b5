#include "http/h2/hpack_decoder.h"

#include <algorithm>

#include "http/h2/huffman.h"

namespace proa::http::h2 {
namespace {

constexpr size_t kKeptScratch = 512;
constexpr unsigned kMaxSizeUpdates = 2;  // RFC 7541 section 4.2

}  // namespace

struct HpackDecoder::Input {
  const uint8_t* at;
  const uint8_t* end;

  size_t left() const { return static_cast<size_t>(end - at); }

  /// RFC 7541 section 5.1, for values below 2^28: nothing that HPACK counts here can be larger.
  bool integer(unsigned prefix_bits, uint32_t& value) {
    uint32_t mask = (1u << prefix_bits) - 1;
    value = *at++ & mask;
    if (value < mask) [[likely]]
      return true;
    for (unsigned shift = 0; at != end && shift <= 28; shift += 7) {
      uint8_t byte = *at++;
      uint64_t sum = value + (static_cast<uint64_t>(byte & 0x7f) << shift);
      if (sum >= 1u << 28) return false;
      value = static_cast<uint32_t>(sum);
      if (!(byte & 0x80)) return true;
    }
    return false;
  }
};

HpackDecoder::HpackDecoder(uint32_t table_size)
    : table_(kDefaultTableSize), announced_size_(table_size), allowed_size_(std::max(table_size, kDefaultTableSize)) {}

void HpackDecoder::settings_acknowledged() {
  allowed_size_ = announced_size_;
  if (table_.max_size() > allowed_size_) must_shrink_ = true;
}

HpackStatus HpackDecoder::decode(std::string_view block, FieldSection& section) {
  Input in{reinterpret_cast<const uint8_t*>(block.data()),
           reinterpret_cast<const uint8_t*>(block.data()) + block.size()};
  for (unsigned updates = 0; in.at != in.end && (*in.at & 0xe0) == 0x20; ++updates) {
    if (updates == kMaxSizeUpdates || !size_update(in)) return HpackStatus::kError;
  }
  if (must_shrink_) return HpackStatus::kError;
  HpackStatus status = HpackStatus::kOk;
  while (in.at != in.end && status == HpackStatus::kOk) {
    uint8_t first = *in.at;
    if (first & 0x80) {
      status = indexed(in, section);
    } else if (first & 0x40) {
      status = literal(in, section, 6, Indexing::kAdd);
    } else if (first & 0x20) {
      status = HpackStatus::kError;  // a size update that is not at the start
    } else {
      status = literal(in, section, 4, first & 0x10 ? Indexing::kNever : Indexing::kNone);
    }
    if (section.beyond_hard_limit()) status = status == HpackStatus::kError ? status : HpackStatus::kTooMuch;
  }
  if (name_scratch_.capacity() > kKeptScratch) std::string().swap(name_scratch_);
  if (value_scratch_.capacity() > kKeptScratch) std::string().swap(value_scratch_);
  if (status == HpackStatus::kOk) section.finish();
  return status;
}

bool HpackDecoder::size_update(Input& in) {
  uint32_t size = 0;
  if (!in.integer(5, size) || size > allowed_size_) return false;
  table_.set_max_size(size);
  must_shrink_ = false;
  return true;
}

bool HpackDecoder::look_up(uint32_t index, Field& field, TableEntry*& owner) const {
  owner = nullptr;
  if (index == 0) return false;
  if (index <= kStaticEntries) {
    field = static_entry(index);
    return true;
  }
  index -= kStaticEntries + 1;
  if (index >= table_.count()) return false;
  owner = table_.at(index);
  field = owner->field();
  return true;
}

HpackStatus HpackDecoder::indexed(Input& in, FieldSection& section) {
  uint32_t index = 0;
  Field field;
  TableEntry* owner = nullptr;
  if (!in.integer(7, index) || !look_up(index, field, owner)) return HpackStatus::kError;
  if (section.admit(field.name.size(), field.value.size())) section.add(field, owner, owner == nullptr);
  return HpackStatus::kOk;
}

HpackStatus HpackDecoder::literal(Input& in, FieldSection& section, unsigned prefix_bits, Indexing indexing) {
  uint32_t index = 0;
  Field field;
  if (!in.integer(prefix_bits, index)) return HpackStatus::kError;
  bool name_is_known = false;
  if (index) {
    TableEntry* name_owner = nullptr;
    if (!look_up(index, field, name_owner)) return HpackStatus::kError;
    name_is_known = field.fault != FieldFault::kName;
  } else {
    if (!read_string(in, name_scratch_, field.name)) return HpackStatus::kError;
    field.pseudo = pseudo_of(field.name);
    if (field.pseudo == Pseudo::kNone) field.id = header_id(field.name);
    name_is_known = field.id != HeaderId::kOther || field.pseudo != Pseudo::kNone;
  }
  if (!read_string(in, value_scratch_, field.value)) return HpackStatus::kError;
  field.fault = fault_of(field.name, name_is_known, field.value);
  field.sensitive = indexing == Indexing::kNever;

  bool admitted = section.admit(field.name.size(), field.value.size());
  if (indexing != Indexing::kAdd) {
    if (admitted) section.add(field, nullptr, false);
    return HpackStatus::kOk;
  }
  TableEntry* entry = TableEntry::make(field);  // a copy: `field` may be a slice of what is evicted now
  if (admitted) section.add(entry->field(), entry, false);
  table_.insert(entry);
  return HpackStatus::kOk;
}

bool HpackDecoder::read_string(Input& in, std::string& scratch, std::string_view& text) {
  if (in.at == in.end) return false;
  bool huffman = *in.at & 0x80;
  uint32_t size = 0;
  if (!in.integer(7, size) || size > in.left()) return false;
  text = {reinterpret_cast<const char*>(in.at), size};
  in.at += size;
  if (!huffman) return true;
  size_t bound = huffman_decoded_bound(size);
  if (scratch.size() < bound) scratch.resize(std::max<size_t>(bound, 128));
  size_t decoded = huffman_decode(text, scratch.data());
  if (decoded == kHuffmanError) return false;
  text = {scratch.data(), decoded};
  return true;
}

}  // namespace proa::http::h2
