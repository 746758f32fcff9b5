#include "http/h2/hpack_encoder.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "http/h2/huffman.h"

namespace proa::http::h2 {
namespace {

enum Pattern : uint8_t { kIndexed = 0x80, kAdd = 0x40, kSizeUpdate = 0x20, kNever = 0x10, kWithout = 0x00 };

constexpr uint32_t kScanned = 64;        // entries of our own table that are compared
constexpr size_t kLongestIndexed = 256;  // longer values do not come again

char* integer(char* out, uint8_t pattern, unsigned prefix_bits, uint32_t value) {
  uint32_t mask = (1u << prefix_bits) - 1;
  if (value < mask) [[likely]] {
    *out++ = static_cast<char>(pattern | value);
    return out;
  }
  *out++ = static_cast<char>(pattern | mask);
  for (value -= mask; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
  *out++ = static_cast<char>(value);
  return out;
}

/// Values that differ from request to request, or that must not be guessed by looking at sizes (RFC 7541
/// section 7.1).
bool worth_indexing(const Header& header) {
  if (header.value.size() > kLongestIndexed) return false;
  switch (header.id) {
    case HeaderId::kAuthorization:
    case HeaderId::kCookie:
    case HeaderId::kSetCookie:
    case HeaderId::kContentLength:
    case HeaderId::kDate:
    case HeaderId::kEtag:
    case HeaderId::kGrpcTimeout:
    case HeaderId::kGrpcMessage:
    case HeaderId::kIfModifiedSince:
    case HeaderId::kIfNoneMatch:
    case HeaderId::kLastModified:
    case HeaderId::kTraceparent:
    case HeaderId::kTracestate:
    case HeaderId::kXB3SpanId:
    case HeaderId::kXB3TraceId:
    case HeaderId::kXB3ParentSpanId:
    case HeaderId::kXEnvoyExpectedRqTimeoutMs:
    case HeaderId::kXEnvoyUpstreamServiceTime:
    case HeaderId::kXRequestId: return false;
    default: return true;
  }
}

}  // namespace

size_t HpackEncoder::bound(const HeaderList& headers) {
  size_t total = 0;
  for (const Header& header : headers.all()) total += bound(header.name.size(), header.value.size());
  return total;
}

void HpackEncoder::set_peer_table_size(uint32_t size) {
  uint32_t target = std::min(size, cap_);
  // A peer that allows less than it did must be told that we follow; with no table of our own only then.
  uint32_t believed = update_due_ ? std::min(lowest_, peer_view_) : peer_view_;
  if (target == table_.max_size() && size >= believed) return;
  lowest_ = update_due_ ? std::min(lowest_, target) : target;
  update_due_ = true;
  table_.set_max_size(target);
}

char* HpackEncoder::begin(char* out) {
  if (!update_due_) [[likely]]
    return out;
  update_due_ = false;
  if (lowest_ < table_.max_size()) out = integer(out, kSizeUpdate, 5, lowest_);
  peer_view_ = table_.max_size();
  return integer(out, kSizeUpdate, 5, peer_view_);
}

char* HpackEncoder::string(char* out, std::string_view text) const {
  if (huffman_) {
    size_t size = huffman_encoded_size(text);
    if (size < text.size()) {
      out = integer(out, 0x80, 7, static_cast<uint32_t>(size));
      return huffman_encode(text, out);
    }
  }
  out = integer(out, 0, 7, static_cast<uint32_t>(text.size()));
  if (!text.empty()) std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* HpackEncoder::literal(char* out, uint8_t pattern, unsigned prefix_bits, uint32_t name_index,
                            std::string_view name, std::string_view value) const {
  out = integer(out, pattern, prefix_bits, name_index);
  if (!name_index) out = string(out, name);
  return string(out, value);
}

char* HpackEncoder::indexed_or_added(char* out, const Field& field, uint32_t static_index) {
  uint32_t count = std::min(table_.count(), kScanned);
  for (uint32_t i = 0; i < count; ++i) {
    Field entry = table_.at(i)->field();
    if (entry.id == field.id && entry.value == field.value && entry.name == field.name) {
      return integer(out, kIndexed, 7, kStaticEntries + 1 + i);
    }
  }
  out = literal(out, kAdd, 6, static_index, field.name, field.value);
  table_.insert(TableEntry::make(field));
  return out;
}

char* HpackEncoder::field(char* out, const Header& header) {
  uint32_t index = static_name_index(header.id);
  if (header.sensitive) return literal(out, kNever, 4, index, header.name, header.value);
  if (table_.max_size() && worth_indexing(header)) {
    return indexed_or_added(out, {header.name, header.value, header.id}, index);
  }
  return literal(out, kWithout, 4, index, header.name, header.value);
}

char* HpackEncoder::fields(char* out, const HeaderList& headers) {
  for (const Header& header : headers.all()) out = field(out, header);
  return out;
}

char* HpackEncoder::stateless_fields(char* out, const HeaderList& headers) const {
  for (const Header& header : headers.all()) {
    out =
        literal(out, header.sensitive ? kNever : kWithout, 4, static_name_index(header.id), header.name, header.value);
  }
  return out;
}

char* HpackEncoder::method(char* out, std::string_view method) {
  if (method == "POST") return integer(out, kIndexed, 7, 3);
  if (method == "GET") return integer(out, kIndexed, 7, 2);
  return literal(out, kWithout, 4, 2, {}, method);
}

char* HpackEncoder::scheme(char* out, std::string_view scheme) {
  if (scheme == "https") return integer(out, kIndexed, 7, 7);
  if (scheme == "http") return integer(out, kIndexed, 7, 6);
  return literal(out, kWithout, 4, 6, {}, scheme);
}

char* HpackEncoder::path(char* out, std::string_view path) {
  if (path == "/") return integer(out, kIndexed, 7, 4);
  return literal(out, kWithout, 4, 4, {}, path);
}

char* HpackEncoder::authority(char* out, std::string_view authority) {
  if (!table_.max_size() || authority.size() > kLongestIndexed) return literal(out, kWithout, 4, 1, {}, authority);
  return indexed_or_added(out, {":authority", authority, HeaderId::kOther, Pseudo::kAuthority}, 1);
}

char* HpackEncoder::protocol(char* out, std::string_view protocol) {
  return literal(out, kWithout, 4, 0, ":protocol", protocol);
}

char* HpackEncoder::status(char* out, uint16_t status) {
  // Static entries 8 to 14.
  constexpr std::array<uint16_t, 7> kInTable = {200, 204, 206, 304, 400, 404, 500};
  for (uint32_t i = 0; i < kInTable.size(); ++i) {
    if (kInTable[i] == status) return integer(out, kIndexed, 7, 8 + i);
  }
  char digits[3] = {static_cast<char>('0' + status / 100), static_cast<char>('0' + status / 10 % 10),
                    static_cast<char>('0' + status % 10)};
  return literal(out, kWithout, 4, 8, {}, {digits, 3});
}

}  // namespace proa::http::h2
