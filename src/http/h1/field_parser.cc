#include "http/h1/field_parser.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <bit>
#include <cstring>

#include "http/header_validity.h"

namespace proa::http::h1 {
namespace {

constexpr size_t kPadding = 16;

enum Trait : uint8_t {
  kConnectionField = 1,  // noted in ConnectionFields
  kProtected = 2,        // Connection cannot nominate it
  kNoTrailer = 4,        // refused in trailers
};

consteval std::array<uint8_t, static_cast<size_t>(HeaderId::kCount)> make_traits() {
  std::array<uint8_t, static_cast<size_t>(HeaderId::kCount)> traits{};
  auto mark = [&](uint8_t trait, std::initializer_list<HeaderId> ids) {
    for (HeaderId id : ids) traits[static_cast<size_t>(id)] |= trait;
  };
  using enum HeaderId;
  mark(kConnectionField | kNoTrailer,
       {kConnection, kHost, kTransferEncoding, kUpgrade, kTe, kKeepAlive, kProxyConnection, kHttp2Settings});
  mark(kConnectionField | kNoTrailer, {kContentLength, kExpect});
  mark(kNoTrailer, {kAuthorization, kCookie, kSetCookie, kContentType, kContentEncoding, kTrailer, kCacheControl,
                    kRange, kProxyAuthenticate, kLocation, kAge, kDate, kVary, kRetryAfter});
  mark(kProtected, {kContentLength, kExpect, kAuthorization, kCookie, kSetCookie, kOrigin, kForwarded, kVia,
                    kContentType, kContentEncoding, kCacheControl, kDate, kTraceparent, kTracestate});
  for (size_t id = static_cast<size_t>(kXB3ParentSpanId); id < traits.size(); ++id) traits[id] |= kProtected;
  return traits;
}
constexpr auto kTraits = make_traits();
static_assert(HeaderId::kXRequestId > HeaderId::kXB3ParentSpanId, "the x-* names are the last of the table");

uint8_t traits_of(HeaderId id) { return kTraits[static_cast<size_t>(id)]; }

// Lower-cases a name from `at` up to the colon, or the CR of a line that has none. The last block is stored only by
// finish(): a store that the loads behind it overlap would stall them.
struct NameLowering {
  char* end;
#ifdef __SSE2__
  char* last;
  __m128i block;
  void finish() const { _mm_storeu_si128(reinterpret_cast<__m128i*>(last), block); }
#else
  void finish() const {}
#endif
};

NameLowering lower_name(char* at) {
#ifdef __SSE2__
  alignas(16) static constexpr auto kLeading = [] {
    std::array<unsigned char, 32> bytes{};
    for (size_t i = 0; i < 16; ++i) bytes[i] = 0x20;
    return bytes;
  }();
  const __m128i colon = _mm_set1_epi8(':'), cr = _mm_set1_epi8('\r');
  const __m128i before_a = _mm_set1_epi8('A' - 1), after_z = _mm_set1_epi8('Z' + 1);
  while (true) {
    __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    auto stop = static_cast<uint32_t>(_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(x, colon), _mm_cmpeq_epi8(x, cr))));
    unsigned n = stop ? static_cast<unsigned>(std::countr_zero(stop)) : 16;
    __m128i upper = _mm_and_si128(_mm_cmpgt_epi8(x, before_a), _mm_cmplt_epi8(x, after_z));
    __m128i mask = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kLeading.data() + 16 - n));
    __m128i lowered = _mm_or_si128(x, _mm_and_si128(upper, mask));
    if (stop) return {at + n, at, lowered};
    _mm_storeu_si128(reinterpret_cast<__m128i*>(at), lowered);
    at += 16;
  }
#else
  for (; *at != ':' && *at != '\r'; ++at) *at = to_lower(*at);
  return {at};
#endif
}

inline char* find_cr(char* at) {
#ifdef __SSE2__
  const __m128i cr = _mm_set1_epi8('\r');
  while (true) {
    __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    if (auto found = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(x, cr)))) {
      return at + std::countr_zero(found);
    }
    at += 16;
  }
#else
  while (*at != '\r') ++at;
  return at;
#endif
}

Refusal bad_name(std::string_view name) {
  if (name.empty()) return {400, "http1.empty_header_name"};
  if (is_optional_space(name.front())) return {400, "http1.obs_fold"};
  if (is_optional_space(name.back())) return {400, "http1.space_before_colon"};
  return {400, "http1.invalid_header_name"};
}

Refusal note_connection(std::string_view value, ConnectionFields& fields) {
  bool accepted = for_each_list_element(value, [&](std::string_view token) {
    if (equal_ignoring_case(token, "close")) return fields.close = true;
    if (equal_ignoring_case(token, "keep-alive")) return fields.keep_alive = true;
    if (equal_ignoring_case(token, "upgrade")) return fields.upgrade_nominated = true;
    if (!is_token(token) || fields.nominated_count == ConnectionFields::kMaxNominated) return false;
    fields.nominated[fields.nominated_count++] = token;
    return true;
  });
  return accepted ? Refusal() : Refusal{400, "http1.connection_header_rejected"};
}

void note_te(std::string_view value, ConnectionFields& fields) {
  for_each_list_element(value, [&](std::string_view coding) {
    if (equal_ignoring_case(trim(coding.substr(0, coding.find(';'))), "trailers")) fields.wants_trailers = true;
    return true;
  });
}

Refusal note(HeaderId id, std::string_view value, ConnectionFields& fields) {
  switch (id) {
    case HeaderId::kHost:
      fields.host = value;
      if (++fields.host_count > 1) return {400, "http1.duplicate_host"};
      return {};
    case HeaderId::kContentLength:
      fields.content_length = value;
      if (++fields.content_length_count > 1) return {400, "http1.duplicate_content_length"};
      return {};
    case HeaderId::kTransferEncoding:
      fields.transfer_encoding = value;
      if (++fields.transfer_encoding_count > 1) return {400, "http1.invalid_transfer_encoding"};
      return {};
    case HeaderId::kConnection: return note_connection(value, fields);
    case HeaderId::kTe: note_te(value, fields); return {};
    case HeaderId::kUpgrade:
      if (fields.upgrade.empty()) fields.upgrade = value;
      return {};
    case HeaderId::kExpect:
      (equal_ignoring_case(value, "100-continue") ? fields.expect_continue : fields.unknown_expectation) = true;
      return {};
    default: return {};  // dropped: keep-alive, proxy-connection, http2-settings
  }
}

}  // namespace

SectionCopy copy_section(std::string_view section, Arena& arena) {
  char* text = static_cast<char*>(arena.allocate(section.size() + kPadding, 1));
  std::memcpy(text, section.data(), section.size());
  std::memset(text + section.size(), '\r', kPadding);
  return {text, text + section.size()};
}

char* find_or_cr(char* at, char stop) {
#ifdef __SSE2__
  const __m128i wanted = _mm_set1_epi8(stop), cr = _mm_set1_epi8('\r');
  while (true) {
    __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    auto found =
        static_cast<uint32_t>(_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(x, wanted), _mm_cmpeq_epi8(x, cr))));
    if (found) return at + std::countr_zero(found);
    at += 16;
  }
#else
  while (*at != stop && *at != '\r') ++at;
  return at;
#endif
}

Refusal parse_fields(char* at, const FieldRules& rules, HeaderList& headers, ConnectionFields& fields) {
  for (uint32_t count = 0; *at != '\r'; at += 2) {
    NameLowering lowering = lower_name(at);
    char* colon = lowering.end;
    std::string_view name(at, static_cast<size_t>(colon - at));
    if (*colon != ':') return {400, is_optional_space(*at) ? "http1.obs_fold" : "http1.missing_colon"};
    char* value_begin = colon + 1;
    while (is_optional_space(*value_begin)) ++value_begin;
    at = find_cr(value_begin);
    lowering.finish();
    char* value_end = at;
    while (value_end > value_begin && is_optional_space(value_end[-1])) --value_end;
    std::string_view value(value_begin, static_cast<size_t>(value_end - value_begin));
    if (++count > rules.max_headers) return {431, "http1.too_many_headers"};

    HeaderId id = header_id(name);
    if (id == HeaderId::kOther) {  // a known name needs no check
      if (!is_token(name)) return bad_name(name);
      if (rules.underscores != UnderscoreAction::kAllow && name.find('_') != name.npos) {
        if (rules.underscores == UnderscoreAction::kRejectRequest) return {400, "http1.unexpected_underscore"};
        ++fields.dropped_with_underscores;
        continue;
      }
    } else if (traits_of(id) & kConnectionField) {
      if (Refusal refusal = note(id, value, fields)) return refusal;
      if (id != HeaderId::kContentLength) continue;
    }
    headers.add({name, value, id});
  }
  return {};
}

void remove_nominated(HeaderList& headers, const ConnectionFields& fields) {
  for (uint32_t i = 0; i < fields.nominated_count; ++i) {
    headers.remove_if([name = fields.nominated[i]](const Header& header) {
      return equal_ignoring_case(header.name, name) && !(traits_of(header.id) & kProtected);
    });
  }
}

Refusal parse_trailers(std::string_view section, const FieldRules& rules, HeaderList& trailers) {
  SectionCopy copy = copy_section(section, trailers.arena());
  ConnectionFields fields;
  if (Refusal refusal = parse_fields(copy.begin, rules, trailers, fields)) return refusal;
  bool forbidden = fields.host_count || fields.transfer_encoding_count || fields.close || fields.keep_alive ||
                   fields.upgrade_nominated || fields.wants_trailers || fields.nominated_count ||
                   !fields.upgrade.empty() || fields.expect_continue || fields.unknown_expectation;
  for (const Header& header : trailers.all()) {
    forbidden = forbidden || (traits_of(header.id) & kNoTrailer) || header.name == "proxy-authorization" ||
                header.name == "content-range" || header.name == "max-forwards";
  }
  return forbidden ? Refusal{400, "http1.forbidden_trailer"} : Refusal();
}

}  // namespace proa::http::h1
