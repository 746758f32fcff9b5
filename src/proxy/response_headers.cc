#include "proxy/response_headers.h"

#include "http/date.h"

namespace proa::proxy {

using http::HeaderId;

void finish_response_headers(const ConnectionManager& manager, const observe::StreamInfo& info,
                             http::ResponseHead& head, net::Loop& loop) {
  http::HeaderList& headers = head.headers;
  if (!headers.has(HeaderId::kDate))
    headers.add(HeaderId::kDate, headers.arena().copy(http::http_date(loop.wall_now())));
  switch (manager.server_header) {
    case ServerHeader::kOverwrite: headers.set(HeaderId::kServer, manager.server_name); break;
    case ServerHeader::kAppendIfAbsent:
      if (!headers.has(HeaderId::kServer)) headers.add(HeaderId::kServer, manager.server_name);
      break;
    case ServerHeader::kPassThrough: break;
  }
  if (!manager.via.empty()) {
    std::string_view before = headers.joined("via");
    headers.set(HeaderId::kVia,
                before.empty() ? std::string_view(manager.via) : headers.arena().concat(before, ", ", manager.via));
  }
  const bool traced = info.request && info.request->headers.has(HeaderId::kXEnvoyForceTrace);
  if ((traced || manager.always_set_request_id_in_response) && !info.request_id.empty()) {
    headers.set(HeaderId::kXRequestId, info.request_id);
  }
  if (manager.proxy_status) add_proxy_status(*manager.proxy_status, info, head);
}

}  // namespace proa::proxy
