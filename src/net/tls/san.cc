#include "net/tls/san.h"

#include <algorithm>

#include "net/address.h"
#include "net/tls/openssl.h"

namespace proa::net::tls {
namespace {

constexpr std::string_view kSpiffe = "spiffe://";

std::string_view text_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<size_t>(ASN1_STRING_length(string))};
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

std::string oid_text(const ASN1_OBJECT* object) {
  char buffer[128];
  int size = OBJ_obj2txt(buffer, sizeof buffer, object, 1);
  return size > 0 && size < static_cast<int>(sizeof buffer) ? std::string(buffer, static_cast<size_t>(size)) : "";
}

// The value of an OTHERNAME that is a string; other types have no text to compare.
std::string other_name_text(const ASN1_TYPE* value) {
  switch (value->type) {
    case V_ASN1_UTF8STRING:
    case V_ASN1_IA5STRING:
    case V_ASN1_PRINTABLESTRING:
    case V_ASN1_VISIBLESTRING:
    case V_ASN1_OCTET_STRING:
    case V_ASN1_T61STRING: return std::string(text_of(value->value.asn1_string));
    default: return {};
  }
}

bool wildcard_matches(std::string_view pattern, std::string_view name) {
  if (!pattern.starts_with("*.") || pattern.find('*', 1) != std::string_view::npos) return false;
  std::string_view suffix = pattern.substr(1);  // ".example.com"
  // "*.com" would stand for a whole registry.
  if (suffix.find('.', 1) == std::string_view::npos || name.size() <= suffix.size()) return false;
  std::string_view label = name.substr(0, name.size() - suffix.size());
  return name.ends_with(suffix) && label.find('.') == std::string_view::npos;
}

bool compare(const SanMatcher& matcher, std::string_view value, std::string_view wanted) {
  switch (matcher.match) {
    case SanMatcher::Match::kExact: return value == wanted;
    case SanMatcher::Match::kPrefix: return value.starts_with(wanted);
    case SanMatcher::Match::kSuffix: return value.ends_with(wanted);
    case SanMatcher::Match::kContains: return value.find(wanted) != std::string_view::npos;
    case SanMatcher::Match::kCustom: return matcher.custom && matcher.custom(value);
  }
  return false;
}

}  // namespace

std::vector<San> read_sans(x509_st* certificate) {
  std::vector<San> out;
  NamesPtr names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (!names) return out;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    switch (name->type) {
      case GEN_DNS: out.push_back({SanMatcher::Type::kDns, std::string(text_of(name->d.dNSName)), {}}); break;
      case GEN_URI:
        out.push_back({SanMatcher::Type::kUri, std::string(text_of(name->d.uniformResourceIdentifier)), {}});
        break;
      case GEN_EMAIL: out.push_back({SanMatcher::Type::kEmail, std::string(text_of(name->d.rfc822Name)), {}}); break;
      case GEN_IPADD: {
        std::string_view bytes = text_of(name->d.iPAddress);
        Address address = Address::from_bytes({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, 0);
        if (address) out.push_back({SanMatcher::Type::kIp, address.ip(), {}});
        break;
      }
      case GEN_OTHERNAME:
        out.push_back({SanMatcher::Type::kOtherName, other_name_text(name->d.otherName->value),
                       oid_text(name->d.otherName->type_id)});
        break;
      default: break;
    }
  }
  return out;
}

bool matches(const SanMatcher& matcher, const San& san) {
  if (matcher.type != san.type || san.value.find('\0') != std::string::npos) return false;
  if (matcher.type == SanMatcher::Type::kOtherName && matcher.oid != san.oid) return false;
  if (matcher.type == SanMatcher::Type::kIp && matcher.match == SanMatcher::Match::kExact) {
    auto wanted = Address::parse_ip(matcher.value, 0);
    return wanted && wanted->ip() == san.value;
  }
  if (matcher.type != SanMatcher::Type::kDns && !matcher.ignore_case) return compare(matcher, san.value, matcher.value);
  std::string value = lower(san.value), wanted = lower(matcher.value);
  if (compare(matcher, value, wanted)) return true;
  return matcher.type == SanMatcher::Type::kDns && matcher.match == SanMatcher::Match::kExact &&
         wildcard_matches(value, wanted);
}

bool matches_any(std::span<const SanMatcher> matchers, std::span<const San> sans) {
  auto is_spiffe = [](const San& san) { return san.type == SanMatcher::Type::kUri && san.value.starts_with(kSpiffe); };
  const bool ambiguous = std::count_if(sans.begin(), sans.end(), is_spiffe) > 1;
  for (const SanMatcher& matcher : matchers) {
    if (ambiguous && matcher.type == SanMatcher::Type::kUri) continue;
    for (const San& san : sans) {
      if (matches(matcher, san)) return true;
    }
  }
  return false;
}

std::string_view spiffe_id(std::span<const San> sans) {
  std::string_view out;
  for (const San& san : sans) {
    if (san.type != SanMatcher::Type::kUri || !san.value.starts_with(kSpiffe)) continue;
    if (!out.empty()) return {};
    out = san.value;
  }
  return out;
}

std::string_view trust_domain(std::string_view spiffe_id) {
  if (!spiffe_id.starts_with(kSpiffe)) return {};
  std::string_view rest = spiffe_id.substr(kSpiffe.size());
  return rest.substr(0, rest.find('/'));
}

}  // namespace proa::net::tls
