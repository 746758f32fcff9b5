// A request with everything that matching looks at, for tests and benchmarks of this folder.
#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>

#include "base/arena.h"
#include "http/message.h"
#include "net/transport.h"
#include "observe/metadata.h"
#include "observe/stream_info.h"
#include "route/route_match.h"

namespace proa::route {

struct TestRequest {
  Arena arena;
  http::RequestHead head{arena};
  net::ConnectionInfo connection;
  observe::StreamInfo info;
  std::string_view host;
  uint64_t random = 0;
  const Runtime* runtime = nullptr;

  explicit TestRequest(std::string_view path, std::string_view host = "example.com",
                       std::initializer_list<std::pair<std::string_view, std::string_view>> headers = {},
                       std::string_view method = "GET")
      : host(host) {
    head.method = method;
    head.method_id = http::method_of(method);
    head.scheme = "http";
    head.authority = host;
    head.path = path;
    for (auto& [name, value] : headers) head.headers.add(name, value);
    info.request = &head;
    info.downstream = &connection;
  }
  MatchInput input() const { return {head, host, info, random, runtime}; }
};

}  // namespace proa::route
