#include "http/h2/hpack_table.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <new>

namespace proa::http::h2 {
namespace {

constexpr Field pseudo(Pseudo kind, std::string_view name, std::string_view value = {}) {
  return {name, value, HeaderId::kOther, kind, FieldFault::kNone, false};
}
constexpr Field known(HeaderId id, std::string_view name, std::string_view value = {}) {
  return {name, value, id, Pseudo::kNone, FieldFault::kNone, false};
}
constexpr Field other(std::string_view name) {
  return {name, {}, HeaderId::kOther, Pseudo::kNone, FieldFault::kNone, false};
}

// RFC 7541 appendix A. A test checks the ids against header_id().
constexpr std::array<Field, kStaticEntries + 1> kStatic = {{
    {},
    pseudo(Pseudo::kAuthority, ":authority"),
    pseudo(Pseudo::kMethod, ":method", "GET"),
    pseudo(Pseudo::kMethod, ":method", "POST"),
    pseudo(Pseudo::kPath, ":path", "/"),
    pseudo(Pseudo::kPath, ":path", "/index.html"),
    pseudo(Pseudo::kScheme, ":scheme", "http"),
    pseudo(Pseudo::kScheme, ":scheme", "https"),
    pseudo(Pseudo::kStatus, ":status", "200"),
    pseudo(Pseudo::kStatus, ":status", "204"),
    pseudo(Pseudo::kStatus, ":status", "206"),
    pseudo(Pseudo::kStatus, ":status", "304"),
    pseudo(Pseudo::kStatus, ":status", "400"),
    pseudo(Pseudo::kStatus, ":status", "404"),
    pseudo(Pseudo::kStatus, ":status", "500"),
    other("accept-charset"),
    known(HeaderId::kAcceptEncoding, "accept-encoding", "gzip, deflate"),
    known(HeaderId::kAcceptLanguage, "accept-language"),
    other("accept-ranges"),
    known(HeaderId::kAccept, "accept"),
    known(HeaderId::kAccessControlAllowOrigin, "access-control-allow-origin"),
    known(HeaderId::kAge, "age"),
    other("allow"),
    known(HeaderId::kAuthorization, "authorization"),
    known(HeaderId::kCacheControl, "cache-control"),
    other("content-disposition"),
    known(HeaderId::kContentEncoding, "content-encoding"),
    other("content-language"),
    known(HeaderId::kContentLength, "content-length"),
    other("content-location"),
    other("content-range"),
    known(HeaderId::kContentType, "content-type"),
    known(HeaderId::kCookie, "cookie"),
    known(HeaderId::kDate, "date"),
    known(HeaderId::kEtag, "etag"),
    known(HeaderId::kExpect, "expect"),
    other("expires"),
    other("from"),
    known(HeaderId::kHost, "host"),
    other("if-match"),
    known(HeaderId::kIfModifiedSince, "if-modified-since"),
    known(HeaderId::kIfNoneMatch, "if-none-match"),
    other("if-range"),
    other("if-unmodified-since"),
    known(HeaderId::kLastModified, "last-modified"),
    other("link"),
    known(HeaderId::kLocation, "location"),
    other("max-forwards"),
    known(HeaderId::kProxyAuthenticate, "proxy-authenticate"),
    other("proxy-authorization"),
    known(HeaderId::kRange, "range"),
    known(HeaderId::kReferer, "referer"),
    other("refresh"),
    known(HeaderId::kRetryAfter, "retry-after"),
    known(HeaderId::kServer, "server"),
    known(HeaderId::kSetCookie, "set-cookie"),
    other("strict-transport-security"),
    known(HeaderId::kTransferEncoding, "transfer-encoding"),
    known(HeaderId::kUserAgent, "user-agent"),
    known(HeaderId::kVary, "vary"),
    known(HeaderId::kVia, "via"),
    other("www-authenticate"),
}};

constexpr auto make_name_indexes() {
  std::array<uint8_t, static_cast<size_t>(HeaderId::kCount)> indexes{};
  for (uint32_t i = kStaticEntries; i > 0; --i) indexes[static_cast<size_t>(kStatic[i].id)] = static_cast<uint8_t>(i);
  indexes[0] = 0;
  return indexes;
}
constexpr auto kNameIndexes = make_name_indexes();

}  // namespace

const Field& static_entry(uint32_t index) { return kStatic[index]; }

uint32_t static_name_index(HeaderId id) { return kNameIndexes[static_cast<size_t>(id)]; }

TableEntry* TableEntry::make(const Field& field) {
  bool static_name = field.id != HeaderId::kOther;
  size_t stored_name = static_name ? 0 : field.name.size();
  void* memory = std::malloc(sizeof(TableEntry) + stored_name + field.value.size());
  if (!memory) throw std::bad_alloc();
  auto* entry = new (memory) TableEntry;
  char* bytes = reinterpret_cast<char*>(entry + 1);
  if (stored_name) std::memcpy(bytes, field.name.data(), stored_name);
  if (!field.value.empty()) std::memcpy(bytes + stored_name, field.value.data(), field.value.size());
  entry->name_ = static_name ? header_name(field.id).data() : bytes;
  entry->value_ = bytes + stored_name;
  entry->name_size_ = static_cast<uint32_t>(field.name.size());
  entry->value_size_ = static_cast<uint32_t>(field.value.size());
  entry->id_ = field.id;
  entry->pseudo_ = field.pseudo;
  entry->fault_ = field.fault;
  return entry;
}

void TableEntry::release() {
  if (--references_ == 0) std::free(this);
}

void DynamicTable::evict_to(uint32_t size) {
  while (size_ > size) {
    TableEntry* oldest = at(--count_);
    size_ -= oldest->size();
    oldest->release();
  }
}

void DynamicTable::insert(TableEntry* entry) {
  uint32_t need = entry->size();
  if (need > max_size_) {
    evict_to(0);
    return entry->release();
  }
  evict_to(max_size_ - need);
  if (!ring_ || count_ > mask_) grow();
  newest_ = (newest_ + 1) & mask_;
  ring_[newest_] = entry;
  ++count_;
  size_ += need;
}

void DynamicTable::grow() {
  uint32_t capacity = ring_ ? (mask_ + 1) * 2 : 16;
  auto wider = std::make_unique<TableEntry*[]>(capacity);
  for (uint32_t i = 0; i < count_; ++i) wider[count_ - 1 - i] = at(i);
  newest_ = count_ - 1;  // wraps when empty, as the mask expects
  ring_ = std::move(wider);
  mask_ = capacity - 1;
}

}  // namespace proa::http::h2
