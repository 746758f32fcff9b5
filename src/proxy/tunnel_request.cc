#include "proxy/tunnel_request.h"

#include <string>

#include "observe/metadata.h"

namespace proa::proxy {

const http::RequestHead& make_tunnel_request(const Tunneling& tunneling, const observe::StreamInfo& stream, bool secure,
                                             Arena& arena) {
  auto* head = arena.make<http::RequestHead>(arena);
  std::string hostname;
  tunneling.hostname.format(stream, hostname);
  head->authority = arena.copy(hostname);
  if (tunneling.post) {
    head->method = "POST";
    head->method_id = http::Method::kPost;
    head->scheme = secure ? "https" : "http";
    head->path = tunneling.post_path;
  } else {
    head->method = "CONNECT";
    head->method_id = http::Method::kConnect;
  }
  tunneling.headers.apply(head->headers, stream, arena);
  return *head;
}

void keep_tunnel_headers(observe::StreamInfo& stream, std::string_view key, uint16_t status,
                         const http::HeaderList& headers, Arena& arena) {
  nlohmann::json list = nlohmann::json::array();
  auto add = [&](std::string_view name, std::string_view value) { list.push_back({{"key", name}, {"value", value}}); };
  if (status) add(":status", std::to_string(status));
  for (const http::Header& header : headers.all()) add(header.name, header.value);
  observe::mutable_filter_state(stream, arena).root[std::string(key)] = {{"headers", std::move(list)}};
}

}  // namespace proa::proxy
