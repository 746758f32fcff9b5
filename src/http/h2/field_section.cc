#include "http/h2/field_section.h"

#include <array>
#include <cstring>
#include <utility>

#include "http/header_validity.h"

namespace proa::http::h2 {
namespace {

// Shorter values are cheaper to copy than to share.
constexpr size_t kShareAbove = 64;

/// Fields that are more than data to HTTP/2.
constexpr bool is_special(HeaderId id) {
  switch (id) {
    case HeaderId::kConnection:
    case HeaderId::kKeepAlive:
    case HeaderId::kProxyConnection:
    case HeaderId::kTransferEncoding:
    case HeaderId::kUpgrade:
    case HeaderId::kTe:
    case HeaderId::kHost:
    case HeaderId::kCookie:
    case HeaderId::kContentLength:
    case HeaderId::kExpect: return true;
    default: return false;
  }
}

constexpr auto make_special_table() {
  std::array<bool, static_cast<size_t>(HeaderId::kCount)> table{};
  for (size_t i = 0; i < table.size(); ++i) table[i] = is_special(static_cast<HeaderId>(i));
  return table;
}
constexpr auto kSpecial = make_special_table();

}  // namespace

int64_t parse_content_length(std::string_view text) {
  if (text.empty() || text.size() > 18) return -1;  // 10^18 fits in 63 bits
  int64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

void FieldSection::add(const Field& field, TableEntry* owner, bool is_static) {
  if (field.fault != FieldFault::kNone) [[unlikely]] {
    return refuse(field.fault == FieldFault::kName ? "http2.invalid_header_name" : "http2.invalid_header_value");
  }
  if (field.pseudo != Pseudo::kNone) return add_pseudo(field, owner, is_static);
  regular_seen_ = true;
  if (kSpecial[static_cast<size_t>(field.id)]) return add_special(field, owner, is_static);
  if (field.id == HeaderId::kOther && underscores_ != UnderscoreAction::kAllow &&
      field.name.find('_') != std::string_view::npos) [[unlikely]] {
    if (underscores_ == UnderscoreAction::kRejectRequest) return refuse("http2.unexpected_underscore");
    ++underscores_dropped_;
    return;
  }
  store(field, owner, is_static);
}

void FieldSection::add_pseudo(const Field& field, TableEntry* owner, bool is_static) {
  if (field.pseudo == Pseudo::kUnknown) return refuse("http2.unknown_pseudo_header");
  if (regular_seen_) return refuse("http2.pseudo_header_after_header");
  if (has(field.pseudo)) return refuse("http2.duplicate_pseudo_header");
  seen_ |= bit(field.pseudo);
  pseudo_[static_cast<size_t>(field.pseudo)] = keep(field.value, owner, is_static);
}

void FieldSection::add_special(const Field& field, TableEntry* owner, bool is_static) {
  switch (field.id) {
    case HeaderId::kTe:  // RFC 9113 section 8.2.2
      if (!equal_ignoring_case(field.value, "trailers")) return refuse("http2.invalid_te");
      wants_trailers_ = true;
      return;
    case HeaderId::kHost:
      if (has_host_) return refuse("http2.duplicate_host");
      has_host_ = true;
      host_ = keep(field.value, owner, is_static);
      return;
    case HeaderId::kContentLength: {
      int64_t length = parse_content_length(field.value);
      if (length < 0) return refuse("http2.invalid_content_length");
      if (content_length_ >= 0) return refuse("http2.duplicate_content_length");
      content_length_ = length;
      return store(field, owner, is_static);
    }
    case HeaderId::kCookie: ++crumbs_; return store(field, owner, is_static);
    case HeaderId::kExpect:
      if (!equal_ignoring_case(field.value, "100-continue")) return store(field, owner, is_static);
      expect_continue_ = true;
      return;
    default: return refuse("http2.connection_specific_header");
  }
}

std::string_view FieldSection::keep(std::string_view slice, TableEntry* owner, bool is_static) {
  if (is_static || slice.empty()) return slice;
  Arena& arena = fields_->arena();
  if (!owner || slice.size() <= kShareAbove) return arena.copy(slice);
  arena.make<TableEntryRef>(owner);
  return slice;
}

void FieldSection::store(const Field& field, TableEntry* owner, bool is_static) {
  Header header{field.name, field.value, field.id, field.sensitive};
  if (field.id != HeaderId::kOther) {
    header.name = header_name(field.id);
    header.value = keep(field.value, owner, is_static);
  } else if (!is_static) {
    // Name and value side by side: one hold or one copy for both.
    Arena& arena = fields_->arena();
    if (owner && field.name.size() + field.value.size() > kShareAbove) {
      arena.make<TableEntryRef>(owner);
    } else {
      size_t name_size = field.name.size();
      char* to = static_cast<char*>(arena.allocate(name_size + field.value.size() + 1, 1));
      std::memcpy(to, field.name.data(), name_size);
      if (!field.value.empty()) std::memcpy(to + name_size, field.value.data(), field.value.size());
      header.name = {to, name_size};
      header.value = {to + name_size, field.value.size()};
    }
  }
  fields_->add(header);
}

void FieldSection::finish() {
  if (crumbs_ < 2 || !fields_) return;
  size_t size = 2 * (crumbs_ - 1);
  for (const Header& header : fields_->all()) {
    if (header.id == HeaderId::kCookie) size += header.value.size();
  }
  char* const joined = static_cast<char*>(fields_->arena().allocate(size, 1));
  char* at = joined;
  Header* first = nullptr;
  for (Header& header : fields_->all()) {
    if (header.id != HeaderId::kCookie) continue;
    if (!header.value.empty()) {  // an empty crumb would leave a blank at the end
      if (at != joined) {
        std::memcpy(at, "; ", 2);
        at += 2;
      }
      std::memcpy(at, header.value.data(), header.value.size());
      at += header.value.size();
    }
    if (!first) first = &header;
    first->sensitive |= header.sensitive;
  }
  if (!first) return;
  first->value = {joined, static_cast<size_t>(at - joined)};
  bool seen = false;
  fields_->remove_if([&](const Header& header) { return header.id == HeaderId::kCookie && std::exchange(seen, true); });
}

}  // namespace proa::http::h2
