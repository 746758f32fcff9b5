#include "http/h1/head_scanner.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "http/header_validity.h"

namespace proa::http::h1 {
namespace {

// What is decided about a byte needs the three after it: CR LF CR LF.
constexpr size_t kLookAhead = 3;

}  // namespace

// The first 16-byte block, from at_ on, that holds a bad byte or the end: no branch depends on single bytes.
size_t HeadScanner::skip_plain(std::string_view input) const {
  size_t at = at_;
#ifdef __SSE2__
  const char* data = input.data();
  const __m128i cr = _mm_set1_epi8('\r'), lf = _mm_set1_epi8('\n'), tab = _mm_set1_epi8('\t');
  const __m128i last_control = _mm_set1_epi8(0x1f), del = _mm_set1_epi8(0x7f);
  auto load = [data](size_t from) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(data + from)); };
  for (; at + 16 + kLookAhead <= input.size(); at += 16) {
    __m128i x = load(at);
    __m128i is_cr = _mm_cmpeq_epi8(x, cr);
    __m128i allowed = _mm_or_si128(_mm_or_si128(is_cr, _mm_cmpeq_epi8(x, lf)), _mm_cmpeq_epi8(x, tab));
    __m128i control = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(x, last_control), x), _mm_cmpeq_epi8(x, del));
    __m128i bad = _mm_andnot_si128(allowed, control);
    __m128i unpaired = _mm_xor_si128(is_cr, _mm_cmpeq_epi8(load(at + 1), lf));
    __m128i end = _mm_and_si128(is_cr, _mm_cmpeq_epi8(load(at + 2), cr));
    if (_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(bad, unpaired), end))) break;
  }
#endif
  return at;
}

HeadScanner::Result HeadScanner::scan(std::string_view input, size_t max_size) {
  Result result = scan_some(input.substr(0, max_size));
  return result == Result::kIncomplete && input.size() > max_size ? Result::kTooLarge : result;
}

HeadScanner::Result HeadScanner::scan_some(std::string_view input) {
  if (at_ == 0) {
    if (input.starts_with('\n')) return refuse("http1.bare_lf");
    if (input.starts_with("\r\n")) return complete(2);
  }
  at_ = skip_plain(input);
  for (; at_ + 1 < input.size(); ++at_) {
    char c = input[at_], next = input[at_ + 1];
    if (c != '\r') {
      if (is_control(c) && c != '\n') return refuse("http1.invalid_characters");
      if (next == '\n') return refuse("http1.bare_lf");
      continue;
    }
    if (next != '\n') return refuse("http1.bare_cr");
    if (at_ + 2 == input.size()) return Result::kIncomplete;
    if (input[at_ + 2] != '\r') continue;
    if (at_ + 3 == input.size()) return Result::kIncomplete;
    return input[at_ + 3] == '\n' ? complete(at_ + 4) : refuse("http1.bare_cr");
  }
  // A last byte that is bad whatever follows is not waited for.
  if (at_ < input.size() && is_control(input[at_]) && input[at_] != '\r' && input[at_] != '\n') {
    return refuse("http1.invalid_characters");
  }
  return Result::kIncomplete;
}

}  // namespace proa::http::h1
