// The listeners and where they listen.
#include <fmt/format.h>

#include "admin/json_response.h"
#include "admin/listener_addresses.h"
#include "admin/pages.h"

namespace proa::admin {
namespace {

// envoy.admin.v3.Listeners.
Response as_json(const proxy::Server& server) {
  Json statuses = Json::array();
  for (const auto& listener : server.listeners()) {
    std::vector<net::Address> addresses = addresses_of(server, *listener);
    Json status = {{"name", listener->name}};
    for (size_t i = 0; i < addresses.size(); ++i) {
      if (i == 0) {
        status["local_address"] = address_json(addresses[i]);
      } else {
        status["additional_local_addresses"].push_back(address_json(addresses[i]));
      }
    }
    statuses.push_back(std::move(status));
  }
  return json_response({{"listener_statuses", std::move(statuses)}});
}

}  // namespace

Response listeners_page(Admin& admin, const Request& request) {
  const proxy::Server& server = admin.server();
  if (request.query.value("format") == "json") return as_json(server);
  Response response;
  for (const auto& listener : server.listeners()) {
    for (const net::Address& address : addresses_of(server, *listener)) {
      fmt::format_to(std::back_inserter(response.body), "{}::{}\n", listener->name, address.to_string());
    }
  }
  return response;
}

}  // namespace proa::admin
