// The Proxy-Status response header (RFC 9209): which proxy could not get an answer, and why.
// Source: envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ProxyStatusConfig.
#pragma once

#include <string>

#include "http/message.h"
#include "observe/stream_info.h"

namespace proa::proxy {

struct ProxyStatusConfig {
  std::string name;  ///< as it is written: a token, or a quoted string
  bool details = true;
  bool termination_details = true;
  bool response_flags = true;
  bool set_recommended_code = false;
};

/// A name in the form in which the header takes it. Precondition: printable ASCII.
std::string proxy_status_name(std::string_view name);

/// Appends to the field, or adds it, when the flags in `info` tell of an error that the RFC has a name for; a response
/// that went well says nothing. The status of anything but gRPC, which lives in 200, becomes the recommended one if the
/// configuration says so.
void add_proxy_status(const ProxyStatusConfig& config, const observe::StreamInfo& info, http::ResponseHead& head);

}  // namespace proa::proxy
