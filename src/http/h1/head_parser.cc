#include "http/h1/head_parser.h"

#include <algorithm>
#include <array>

#include "base/number.h"
#include "http/header_validity.h"
#include "http/uri.h"

namespace proa::http::h1 {
namespace {

constexpr uint64_t kMaxContentLength = (uint64_t{1} << 63) - 1;

// "HTTP/" DIGIT "." DIGIT, case-sensitive.
Refusal parse_version(std::string_view text, Version& version) {
  if (text == "HTTP/1.1") {
    version = Version::kHttp11;
    return {};
  }
  if (text == "HTTP/1.0") {
    version = Version::kHttp10;
    return {};
  }
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  bool well_formed =
      text.size() == 8 && text.starts_with("HTTP/") && digit(text[5]) && text[6] == '.' && digit(text[7]);
  if (well_formed && text[5] != '1') return {505, "http1.unsupported_version"};
  return {400, "http1.invalid_version"};
}

// Exactly "chunked": another coding of valid syntax is not implemented, anything else is malformed.
Refusal check_transfer_encoding(std::string_view value, Version version) {
  if (version == Version::kHttp10) return {400, "http1.transfer_encoding_not_allowed"};
  if (equal_ignoring_case(value, "chunked")) return {};
  return {static_cast<uint16_t>(is_token(value) ? 501 : 400), "http1.invalid_transfer_encoding"};
}

// RFC 9112 section 6.3 for either direction, without the cases in which there is never a body.
Refusal decide_body(const ConnectionFields& fields, Version version, Framing& framing) {
  if (fields.transfer_encoding_count) {
    if (Refusal refusal = check_transfer_encoding(fields.transfer_encoding, version)) return refusal;
    if (fields.content_length_count) return {400, "http1.content_length_and_chunked_not_allowed"};
    framing.body = BodyKind::kChunked;
  } else if (fields.content_length_count) {
    auto length = parse_decimal<uint64_t>(fields.content_length, kMaxContentLength);
    if (!length) return {400, "http1.invalid_content_length"};
    framing.length = *length;
    framing.body = *length ? BodyKind::kLength : BodyKind::kNone;
  }
  return {};
}

bool keeps_alive(const ConnectionFields& fields, Version version) {
  return !fields.close && (version == Version::kHttp11 || fields.keep_alive);
}

// The methods without an id of ours that Envoy takes without allow_custom_methods: WebDAV, UPnP and the like.
bool is_registered_method(std::string_view method) {
  static constexpr std::array<std::string_view, 25> kMethods = {
      "ACL",        "BIND",   "CHECKOUT",  "COPY",   "LINK",     "LOCK",      "M-SEARCH",   "MERGE",  "MKACTIVITY",
      "MKCALENDAR", "MKCOL",  "MOVE",      "NOTIFY", "PROPFIND", "PROPPATCH", "PURGE",      "REBIND", "REPORT",
      "SEARCH",     "SOURCE", "SUBSCRIBE", "UNBIND", "UNLINK",   "UNLOCK",    "UNSUBSCRIBE"};
  return std::ranges::find(kMethods, method) != kMethods.end();
}

// method SP request-target SP HTTP-version, single spaces. `at` ends at the CR.
Refusal parse_request_line(char*& at, const Http1Options& options, RequestHead& head, RequestTarget& target) {
  char* method_end = find_or_cr(at, ' ');
  head.method = {at, static_cast<size_t>(method_end - at)};
  if (*method_end != ' ' || !is_token(head.method)) return {400, "http1.invalid_method"};
  char* target_end = find_or_cr(method_end + 1, ' ');
  if (*target_end != ' ') return {400, "http1.invalid_request_line"};
  at = find_or_cr(target_end, '\r');
  std::string_view version(target_end + 1, static_cast<size_t>(at - target_end - 1));
  if (Refusal refusal = parse_version(version, head.version)) return refusal;
  head.method_id = method_of(head.method);
  if (head.method_id == Method::kOther && !options.allow_custom_methods && !is_registered_method(head.method)) {
    return {400, "http1.unknown_method"};
  }
  std::string_view text(method_end + 1, static_cast<size_t>(target_end - method_end - 1));
  if (auto reason = parse_request_target(text, head.method_id, target); !reason.empty()) return {400, reason};
  return {};
}

// Host, and its agreement with the target (RFC 9112 section 3.2).
Refusal decide_authority(const ConnectionFields& fields, const Http1Options& options, const RequestTarget& target,
                         RequestHead& head) {
  head.path = target.path;
  if (target.form == TargetForm::kAbsolute) {
    if (!options.allow_absolute_url) return {400, "http1.absolute_url_not_allowed"};
    head.absolute_form = true;
    head.scheme = target.scheme;
  }
  head.authority = target.authority.empty() ? fields.host : target.authority;
  if (fields.host_count == 0) {
    if (head.version != Version::kHttp10) return {400, "http1.missing_host"};
    if (head.authority.empty()) head.authority = options.default_host_for_http_10;
    return {};
  }
  if (!is_authority(fields.host)) return {400, "http1.invalid_authority"};
  if (!target.authority.empty() && !equal_ignoring_case(target.authority, fields.host)) {
    return {400, "http1.host_differs_from_target"};
  }
  return {};
}

void decide_upgrade(const ConnectionFields& fields, const Http1Options& options, const Framing& framing, Arena& arena,
                    RequestHead& head) {
  // An upgrade with a body is answered as if there were no Upgrade (RFC 9110 section 7.8 allows to ignore it).
  if (fields.upgrade.empty() || !fields.upgrade_nominated || head.version != Version::kHttp11) return;
  if (framing.body != BodyKind::kNone || head.method_id == Method::kConnect) return;
  for_each_list_element(fields.upgrade, [&](std::string_view token) {
    auto accepted = std::ranges::find_if(options.upgrades,
                                         [&](const std::string& name) { return equal_ignoring_case(name, token); });
    if (accepted == options.upgrades.end()) return true;
    head.protocol = arena.copy(*accepted);
    return false;
  });
}

Refusal check_method_and_body(const RequestHead& head, const ConnectionFields& fields, const Framing& framing) {
  if (head.method_id == Method::kConnect && framing.body != BodyKind::kNone) {
    return {400,
            fields.content_length_count ? "http1.content_length_not_allowed" : "http1.transfer_encoding_not_allowed"};
  }
  if (head.method_id == Method::kTrace && framing.body != BodyKind::kNone) return {400, "http1.body_disallowed"};
  return {};
}

// A client that asks for its address, or the host, to be dropped at the next hop (as in Envoy).
bool names_identity(const ConnectionFields& fields) {
  return std::any_of(
      fields.nominated.begin(), fields.nominated.begin() + fields.nominated_count, [](std::string_view token) {
        return equal_ignoring_case(token, "host") || equal_ignoring_case(token, "x-forwarded-for") ||
               equal_ignoring_case(token, "x-forwarded-host") || equal_ignoring_case(token, "x-forwarded-proto");
      });
}

}  // namespace

Refusal parse_request_head(std::string_view section, const Http1Options& options, Arena& arena, RequestHead& head,
                           Framing& framing) {
  char* at = copy_section(section, arena).begin;
  RequestTarget target;
  if (Refusal refusal = parse_request_line(at, options, head, target)) return refusal;
  if (head.version == Version::kHttp10 && !options.accept_http_10) return {426, "low_version"};

  ConnectionFields fields;
  FieldRules rules{options.max_headers, options.underscores};
  if (Refusal refusal = parse_fields(at + 2, rules, head.headers, fields)) return refusal;
  framing.dropped_with_underscores = fields.dropped_with_underscores;
  if (Refusal refusal = decide_body(fields, head.version, framing)) return refusal;
  if (Refusal refusal = decide_authority(fields, options, target, head)) return refusal;
  if (Refusal refusal = check_method_and_body(head, fields, framing)) return refusal;
  if (fields.unknown_expectation) return {417, "http1.unknown_expectation"};

  framing.keep_alive = keeps_alive(fields, head.version);
  head.expect_continue = fields.expect_continue && head.version == Version::kHttp11;
  head.wants_trailers = fields.wants_trailers;
  if (names_identity(fields)) return {400, "http1.connection_header_rejected"};
  if (fields.nominated_count) remove_nominated(head.headers, fields);
  decide_upgrade(fields, options, framing, arena, head);
  if (options.preserve_case != PreserveCase::kNo) {
    head.headers.set_spelling(read_header_case(section, options.preserve_case, arena));
  }
  return {};
}

namespace {

// HTTP-version SP 3DIGIT [ SP reason-phrase ]
Refusal parse_status_line(char*& at, ResponseHead& head) {
  char* version_end = find_or_cr(at, ' ');
  if (Refusal refusal = parse_version({at, static_cast<size_t>(version_end - at)}, head.version)) return refusal;
  if (*version_end != ' ') return {400, "http1.invalid_status_line"};
  char* code = version_end + 1;
  char* code_end = find_or_cr(code, ' ');
  auto status = parse_decimal<uint16_t>({code, static_cast<size_t>(code_end - code)}, 999);
  if (code_end - code != 3 || !status || *status < 100) return {400, "http1.invalid_status_line"};
  head.status = *status;
  at = find_or_cr(code_end, '\r');
  return {};
}

bool has_upgrade(const ConnectionFields& fields, std::string_view wanted) {
  if (wanted.empty() || !fields.upgrade_nominated) return false;
  return !for_each_list_element(fields.upgrade,
                                [&](std::string_view token) { return !equal_ignoring_case(token, wanted); });
}

// Statuses and methods that never have a body (RFC 9110 section 6.4.1): framing that says otherwise is refused,
// because what follows would be read as the next response.
Refusal decide_response_body(const ConnectionFields& fields, const RequestContext& request, const ResponseHead& head,
                             Framing& framing) {
  if (Refusal refusal = decide_body(fields, head.version, framing)) return refusal;
  bool connected = request.connect && head.status >= 200 && head.status < 300;
  if (head.status < 200 || head.status == 204 || connected) {
    if (framing.body == BodyKind::kChunked) return {400, "http1.transfer_encoding_not_allowed"};
    if (framing.body == BodyKind::kLength) return {400, "http1.content_length_not_allowed"};
    return {};
  }
  if (request.head || head.status == 304) {
    framing.body = BodyKind::kNone;
    return {};
  }
  if (framing.body == BodyKind::kNone && !fields.content_length_count) framing.body = BodyKind::kUntilClose;
  return {};
}

}  // namespace

Refusal parse_response_head(std::string_view section, const Http1Options& options, const RequestContext& request,
                            Arena& arena, ResponseHead& head, Framing& framing) {
  char* at = copy_section(section, arena).begin;
  if (Refusal refusal = parse_status_line(at, head)) return refusal;
  ConnectionFields fields;
  // Underscores are a question of what clients may say, not of our own upstreams (as in Envoy).
  FieldRules rules{options.max_headers, UnderscoreAction::kAllow};
  if (Refusal refusal = parse_fields(at + 2, rules, head.headers, fields)) return refusal;
  if (Refusal refusal = decide_response_body(fields, request, head, framing)) return refusal;
  if (head.status == 101 && !has_upgrade(fields, request.upgrade)) return {400, "http1.unexpected_upgrade"};

  framing.keep_alive = keeps_alive(fields, head.version) && framing.body != BodyKind::kUntilClose;
  if (fields.nominated_count) remove_nominated(head.headers, fields);
  if (head.status < 200 || head.status == 204) head.headers.remove(HeaderId::kContentLength);
  if (options.preserve_case != PreserveCase::kNo) {
    head.headers.set_spelling(read_header_case(section, options.preserve_case, arena));
  }
  return {};
}

}  // namespace proa::http::h1
