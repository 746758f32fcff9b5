#include "http/headers.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace proa::http {
namespace {

constexpr uint32_t kFirstCapacity = 16;

bool is(const Header& header, HeaderId id, std::string_view name) {
  return id == HeaderId::kOther ? header.id == HeaderId::kOther && header.name == name : header.id == id;
}

}  // namespace

void HeaderList::grow() {
  uint32_t capacity = capacity_ ? 2 * capacity_ : kFirstCapacity;
  auto* items = static_cast<Header*>(arena_->allocate(capacity * sizeof(Header), alignof(Header)));
  std::uninitialized_copy_n(items_, size_, items);
  items_ = items;
  capacity_ = capacity;
}

void HeaderList::set(HeaderId id, std::string_view value) {
  Header* first = const_cast<Header*>(find(id));
  if (!first) return add(id, value);
  first->value = value;
  const Header* kept = first;
  remove_if([&](const Header& header) { return header.id == id && &header != kept; });
}

void HeaderList::set(std::string_view name, std::string_view value) {
  HeaderId id = header_id(name);
  if (id != HeaderId::kOther) return set(id, value);
  Header* first = const_cast<Header*>(find(name));
  if (!first) return add({name, value, id});
  first->value = value;
  const Header* kept = first;
  remove_if([&](const Header& header) { return is(header, id, name) && &header != kept; });
}

size_t HeaderList::remove(HeaderId id) {
  return remove_if([id](const Header& header) { return header.id == id; });
}

size_t HeaderList::remove(std::string_view name) {
  HeaderId id = header_id(name);
  return remove_if([&](const Header& header) { return is(header, id, name); });
}

const Header* HeaderList::find(std::string_view name) const {
  HeaderId id = header_id(name);
  if (id != HeaderId::kOther) return find(id);
  for (const Header& header : all()) {
    if (is(header, id, name)) return &header;
  }
  return nullptr;
}

size_t HeaderList::count(HeaderId id) const { return static_cast<size_t>(std::ranges::count(all(), id, &Header::id)); }

std::string_view HeaderList::joined(std::string_view name, bool* found) const {
  HeaderId id = header_id(name);
  const Header* first = nullptr;
  size_t fields = 0, size = 0;
  for (const Header& header : all()) {
    if (!is(header, id, name)) continue;
    if (fields++ == 0) first = &header;
    size += header.value.size() + 1;
  }
  if (found) *found = fields != 0;
  if (fields <= 1) return first ? first->value : std::string_view();
  char* text = static_cast<char*>(arena_->allocate(size, 1));
  char* at = text;
  for (const Header& header : all()) {
    if (!is(header, id, name)) continue;
    if (&header != first) *at++ = ',';
    if (!header.value.empty()) std::memcpy(at, header.value.data(), header.value.size());
    at += header.value.size();
  }
  return {text, static_cast<size_t>(at - text)};
}

size_t HeaderList::byte_size() const {
  size_t size = 0;
  for (const Header& header : all()) size += header.name.size() + header.value.size() + 32;
  return size;
}

}  // namespace proa::http
