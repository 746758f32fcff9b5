// JSON as admin pages answer it: fields in the order of Envoy's messages, one a line.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "admin/page.h"
#include "net/address.h"

namespace proa::admin {

using Json = nlohmann::ordered_json;

/// Bytes that are no UTF-8 become U+FFFD: names come from certificates and requests, and no page fails over one.
inline std::string json_text(const Json& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}
inline Response json_response(const Json& json) { return {.body = json_text(json), .content_type = kJson}; }

/// envoy.config.core.v3.Address.
inline Json address_json(const net::Address& address) {
  if (address.is_unix()) return {{"pipe", {{"path", address.path()}}}};
  return {{"socket_address", {{"address", address.ip()}, {"port_value", address.port()}}}};
}

}  // namespace proa::admin
