// Copies and comparisons of strings that are a few bytes long: inlined, without a call into the C library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace proa {

namespace short_copy {
template <class Word>
Word load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof(Word));
  return word;
}
template <class Word>
void move_ends(char* to, const char* from, size_t size) {
  Word first = load<Word>(from), last = load<Word>(from + size - sizeof(Word));
  std::memcpy(to, &first, sizeof(Word));
  std::memcpy(to + size - sizeof(Word), &last, sizeof(Word));
}
template <class Word>
bool same_ends(const char* a, const char* b, size_t size) {
  return ((load<Word>(a) ^ load<Word>(b)) |
          (load<Word>(a + size - sizeof(Word)) ^ load<Word>(b + size - sizeof(Word)))) == 0;
}
}  // namespace short_copy

/// memcpy; the ranges do not overlap.
inline char* copy_short(char* to, const char* from, size_t size) {
  if (size > 16)
    std::memcpy(to, from, size);
  else if (size >= 8)
    short_copy::move_ends<uint64_t>(to, from, size);
  else if (size >= 4)
    short_copy::move_ends<uint32_t>(to, from, size);
  else if (size >= 2)
    short_copy::move_ends<uint16_t>(to, from, size);
  else if (size)
    *to = *from;
  return to + size;
}

/// memcmp() == 0
inline bool equal_short(const char* a, const char* b, size_t size) {
  if (size > 32) return std::memcmp(a, b, size) == 0;
  if (size > 16) {
    return short_copy::same_ends<uint64_t>(a, b, 16) &&
           short_copy::same_ends<uint64_t>(a + size - 16, b + size - 16, 16);
  }
  if (size >= 8) return short_copy::same_ends<uint64_t>(a, b, size);
  if (size >= 4) return short_copy::same_ends<uint32_t>(a, b, size);
  if (size >= 2) return short_copy::same_ends<uint16_t>(a, b, size);
  return size == 0 || *a == *b;
}

}  // namespace proa
