#include "http/h2/message_rules.h"

#include <algorithm>

#include "http/header_validity.h"
#include "http/uri.h"

namespace proa::http::h2 {
namespace {

/// Visible ASCII without '#' (RFC 3986 section 3.3 and 3.4): nothing that HTTP/1 or a log could misread.
bool is_path(std::string_view path) {
  bool good = true;
  for (char c : path) {
    auto byte = static_cast<unsigned char>(c);
    good &= byte > 0x20 && byte < 0x7f && c != '#';
  }
  return good;
}

/// Upper-case methods only: "get" is a different method that nothing serves and everything confuses.
bool is_method(std::string_view method) {
  return is_token(method) && std::ranges::none_of(method, [](char c) { return c >= 'a' && c <= 'z'; });
}

std::string_view check_authority(const FieldSection& section, bool any, RequestHead& head) {
  if (section.has(Pseudo::kAuthority)) {
    head.authority = section.value(Pseudo::kAuthority);
    if (section.has_host() && !equal_ignoring_case(section.host(), head.authority)) return kHostDiffers;
  } else if (section.has_host()) {
    head.authority = section.host();
  } else {
    return "http2.missing_authority";
  }
  return any || is_authority(head.authority) ? std::string_view() : "http2.invalid_authority";
}

std::string_view check_connect(const FieldSection& section, const RequestHead& head) {
  if (section.has(Pseudo::kScheme) || section.has(Pseudo::kPath)) return "http2.connect_with_path_or_scheme";
  if (without_port(head.authority).size() == head.authority.size()) return "http2.connect_without_port";
  return {};
}

std::string_view check_path(const FieldSection& section, RequestHead& head) {
  if (!section.has(Pseudo::kScheme)) return "http2.missing_scheme";
  if (!section.has(Pseudo::kPath)) return "http2.missing_path";
  head.path = section.value(Pseudo::kPath);
  std::string_view scheme = section.value(Pseudo::kScheme);
  if (equal_ignoring_case(scheme, "https"))
    head.scheme = "https";
  else if (equal_ignoring_case(scheme, "http"))
    head.scheme = "http";
  else
    return "http2.invalid_scheme";
  if (head.path.empty()) return "http2.empty_path";
  if (head.path == "*" && head.method_id == Method::kOptions) return {};
  if (head.path.front() != '/' || !is_path(head.path)) return "http2.invalid_path";
  return {};
}

}  // namespace

std::string_view make_request(const FieldSection& section, bool allow_extended_connect, bool any_authority,
                              RequestHead& head) {
  head.version = Version::kHttp2;
  if (section.has(Pseudo::kStatus)) return "http2.status_in_request";
  if (!section.has(Pseudo::kMethod)) return "http2.missing_method";
  head.method = section.value(Pseudo::kMethod);
  head.method_id = method_of(head.method);
  if (head.method_id == Method::kOther && !is_method(head.method)) return "http2.invalid_method";
  head.wants_trailers = section.wants_trailers();
  head.expect_continue = section.expect_continue();

  bool extended = section.has(Pseudo::kProtocol);
  if (extended) {
    head.protocol = section.value(Pseudo::kProtocol);
    if (!allow_extended_connect) return "http2.extended_connect_not_enabled";
    if (head.method_id != Method::kConnect || !is_token(head.protocol)) return "http2.invalid_protocol";
  }
  bool plain_connect = head.method_id == Method::kConnect && !extended;
  if (!plain_connect) {
    if (auto reason = check_path(section, head); !reason.empty()) return reason;
  }
  if (auto reason = check_authority(section, any_authority, head); !reason.empty()) return reason;
  if (plain_connect) return check_connect(section, head);
  if (extended) {  // from here on it is what it stands for, as if it had come over HTTP/1
    head.method = "GET";
    head.method_id = Method::kGet;
  }
  return {};
}

std::string_view make_response(const FieldSection& section, ResponseHead& head) {
  head.version = Version::kHttp2;
  for (Pseudo pseudo : {Pseudo::kMethod, Pseudo::kScheme, Pseudo::kAuthority, Pseudo::kPath, Pseudo::kProtocol}) {
    if (section.has(pseudo)) return "http2.request_pseudo_header_in_response";
  }
  if (!section.has(Pseudo::kStatus)) return "http2.missing_status";
  std::string_view status = section.value(Pseudo::kStatus);
  if (status.size() != 3 || status[0] < '1' || status[0] > '5' || status[1] < '0' || status[1] > '9' ||
      status[2] < '0' || status[2] > '9') {
    return "http2.invalid_status";
  }
  head.status = static_cast<uint16_t>((status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0'));
  if (head.status == 101) return "http2.switching_protocols";  // RFC 9113 section 8.6
  return {};
}

}  // namespace proa::http::h2
