#include "http/percent.h"

#include <algorithm>

#include "base/number.h"

namespace proa::http {

std::optional<std::string_view> percent_decode(std::string_view text, Arena& arena) {
  if (text.find('%') == text.npos) return text;
  char* decoded = static_cast<char*>(arena.allocate(text.size(), 1));
  char* at = decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      *at++ = text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    *at++ = static_cast<char>(high << 4 | low);
    i += 2;
  }
  return std::string_view(decoded, static_cast<size_t>(at - decoded));
}

std::string_view percent_encode(std::string_view text, Arena& arena, std::string_view also_plain) {
  auto plain = [&](char c) { return is_unreserved(c) || also_plain.find(c) != also_plain.npos; };
  if (std::ranges::all_of(text, plain)) return arena.copy(text);
  char* encoded = static_cast<char*>(arena.allocate(3 * text.size(), 1));
  char* at = encoded;
  for (char c : text) {
    if (plain(c)) {
      *at++ = c;
      continue;
    }
    auto byte = static_cast<unsigned char>(c);
    *at++ = '%';
    *at++ = "0123456789ABCDEF"[byte >> 4];
    *at++ = "0123456789ABCDEF"[byte & 15];
  }
  return {encoded, static_cast<size_t>(at - encoded)};
}

}  // namespace proa::http
