// Which field sections are well-formed requests and responses (RFC 9113 section 8.3, RFC 8441 section 4).
#pragma once

#include <string_view>

#include "http/h2/field_section.h"
#include "http/message.h"

namespace proa::http::h2 {

/// Fills `head` from the section. Returns a static reason code when the request is malformed, or empty. An extended
/// CONNECT becomes the GET with a `protocol` that an HTTP/1 upgrade is (RFC 8441 section 5). With `any_authority` the
/// :authority need not be a host.
std::string_view make_request(const FieldSection& section, bool allow_extended_connect, bool any_authority,
                              RequestHead& head);

/// The request's :authority and Host name different hosts: well-formed framing, answered 400.
inline constexpr std::string_view kHostDiffers = "http2.host_differs_from_authority";

/// The same for a response.
std::string_view make_response(const FieldSection& section, ResponseHead& head);

}  // namespace proa::http::h2
