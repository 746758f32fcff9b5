// What a ClientContext holds. Private to this folder.
#pragma once

#include "net/tls/base_context.h"
#include "net/tls/client_context.h"
#include "net/tls/session_cache.h"

namespace proa::net::tls {

struct ClientContext::Impl {
  explicit Impl(size_t max_sessions) : sessions(max_sessions) {}
  BaseContext base;
  std::string sni;
  std::vector<std::string> alpn;
  mutable SessionCache sessions;
};

}  // namespace proa::net::tls
