// What a field name and a field value may hold (RFC 9110 sections 5.1, 5.5, 5.6.2), and the fast scans for it.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace proa::http {

namespace validity {

consteval std::array<bool, 256> token_table() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<size_t>(c)] = table[static_cast<size_t>(c - 32)] = true;
  for (char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
inline constexpr std::array<bool, 256> kToken = token_table();

}  // namespace validity

constexpr bool is_token_char(char c) { return validity::kToken[static_cast<unsigned char>(c)]; }

/// 1*tchar: methods, field names as sent, upgrade tokens.
constexpr bool is_token(std::string_view text) {
  for (char c : text) {
    if (!is_token_char(c)) return false;
  }
  return !text.empty();
}

/// A token without upper case: a field name of HTTP/2, or of a HeaderList.
constexpr bool is_lower_case_token(std::string_view name) {
  for (char c : name) {
    if (!is_token_char(c) || (c >= 'A' && c <= 'Z')) return false;
  }
  return !name.empty();
}

/// A control character other than HTAB: never part of a field value. Bytes above 0x7f (obs-text) are.
constexpr bool is_control(char c) {
  auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

#ifdef __SSE2__
namespace validity {
inline uint32_t control_mask(__m128i x) {
  __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x);
  __m128i bad = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('\t')), low),
                             _mm_cmpeq_epi8(x, _mm_set1_epi8(0x7f)));
  return static_cast<uint32_t>(_mm_movemask_epi8(bad));
}
inline __m128i load_16(const char* from) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)); }
inline __m128i load_8(const char* from) { return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)); }
}  // namespace validity
#endif

/// The index of the first control character (CR and LF included), or text.size().
inline size_t find_control(std::string_view text) {
  const char* data = text.data();
  size_t at = 0, size = text.size();
#ifdef __SSE2__
  using namespace validity;
  auto first = [](uint32_t mask) { return static_cast<size_t>(std::countr_zero(mask)); };
  for (; at + 16 <= size; at += 16) {
    if (uint32_t mask = control_mask(load_16(data + at))) return at + first(mask);
  }
  if (at == size) return size;
  if (size >= 16) {  // the rest, together with bytes that were seen
    uint32_t mask = control_mask(load_16(data + size - 16));
    return mask ? size - 16 + first(mask) : size;
  }
  if (size >= 8) {
    uint32_t mask = control_mask(_mm_unpacklo_epi64(load_8(data), load_8(data + size - 8)));
    if (!mask) return size;
    return first(mask) < 8 ? first(mask) : size - 16 + first(mask);
  }
#endif
  while (at < size && !is_control(data[at])) ++at;
  return at;
}

/// field-value without the question of outer white space: no CR, LF, NUL or other control but HTAB.
inline bool is_field_value(std::string_view value) { return find_control(value) == value.size(); }

constexpr bool is_optional_space(char c) { return c == ' ' || c == '\t'; }

/// Without leading and trailing SP and HTAB (OWS).
constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && is_optional_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_optional_space(text.back())) text.remove_suffix(1);
  return text;
}

constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

/// Calls f(element) for each element of a comma-separated list, trimmed; empty elements are skipped
/// (RFC 9110 section 5.6.1). Stops when f returns false, and returns false then.
template <class F>
bool for_each_list_element(std::string_view list, F f) {
  while (true) {
    size_t comma = list.find(',');
    std::string_view element = trim(list.substr(0, comma));
    if (!element.empty() && !f(element)) return false;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace proa::http
