// An admin page: a plain function from request to response, so that tests need no socket.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "admin/context.h"
#include "admin/query.h"
#include "admin/runtime_layer.h"
#include "admin/server_stats.h"
#include "http/message.h"

namespace proa::admin {

/// What pages work on. Main thread.
struct Admin {
  explicit Admin(AdminContext c) : context(std::move(c)), stats(context) {}

  AdminContext context;
  ServerStats stats;
  RuntimeLayer runtime{};

  proxy::Server& server() { return context.server; }
  /// False before the server has clusters and workers.
  bool started() const { return context.server.state() != proxy::ServerState::kPreInitializing; }
};

struct Request {
  http::Method method = http::Method::kGet;
  Query query{};
};

inline constexpr std::string_view kText = "text/plain; charset=UTF-8";
inline constexpr std::string_view kHtml = "text/html; charset=UTF-8";
inline constexpr std::string_view kJson = "application/json";

struct Response {
  uint16_t status = 200;
  std::string body;
  std::string_view content_type = kText;
  std::string_view allow = {};  ///< the Allow header of a 405
};

/// A refusal with its sentence.
inline Response refuse(uint16_t status, std::string why) { return {.status = status, .body = std::move(why) + "\n"}; }

using Handler = Response (*)(Admin&, const Request&);

struct Page {
  std::string_view path;
  std::string_view help;
  Handler handler;
  bool changes = false;  ///< changes the server: POST only
};

}  // namespace proa::admin
