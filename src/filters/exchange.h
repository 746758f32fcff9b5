// What a filter sees of the exchange it works on. proxy/ implements it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "http/message.h"
#include "observe/stream_info.h"

namespace proa::net {
class Loop;
}
namespace proa::route {
struct Route;
struct PerFilterConfig;
}  // namespace proa::route
namespace proa::upstream {
class Clusters;
}

namespace proa::filters {

class Filter;

/// Never the same twice, so that a connection which outlives a configuration takes nothing for another's.
inline uint64_t new_connection_key() {
  static std::atomic<uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

/// A reply that the proxy makes itself. gRPC requests get trailers-only with the status mapped from `status`
/// unless `grpc_status` says otherwise.
struct LocalReply {
  uint16_t status = 500;
  std::string_view body = {};                 ///< text/plain; lives in the arena, configuration or static storage
  std::string_view details = {};              ///< %RESPONSE_CODE_DETAILS%, e.g. "rbac_access_denied_matched_policy[p]"
  int grpc_status = -1;                       ///< -1: mapped from `status`
  const http::HeaderList* headers = nullptr;  ///< added to the reply
  bool drop = false;                          ///< no reply: the stream is reset (e.g. a malformed message policy)
};

/// Belongs to one worker; lives until after Filter::on_complete.
class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual http::RequestHead& request() = 0;
  virtual observe::StreamInfo& info() = 0;
  virtual Arena& arena() = 0;
  virtual net::Loop& loop() = 0;
  virtual upstream::Clusters& clusters() = 0;

  /// The matched route, or nullptr when none matches. Matched at first use, kept until clear_route().
  virtual const route::Route* route() = 0;
  /// Matches again at the next use: for filters that changed what routes match on.
  virtual void clear_route() = 0;
  /// The most specific configuration that the route has for this filter, or nullptr.
  virtual const route::PerFilterConfig* per_filter(const Filter& filter) = 0;

  /// A filter's own pointer, null at first; make what it points to in arena().
  virtual void*& slot(const Filter& filter) = 0;
  /// What is kept for the client's connection, and seen by its later requests; empty at first. `key` comes from
  /// new_connection_key().
  virtual std::shared_ptr<void>& connection_slot(uint64_t key) = 0;

  /// Answers instead of the upstream. on_request returns kDone afterwards; elsewhere just call it. After the
  /// response has started, it resets the stream.
  virtual void respond(const LocalReply& reply) = 0;
  /// Ends a kWait: goes on with the next filter. Never calls back into the filter that waited.
  virtual void resume() = 0;
  /// Bytes of the request body that kWait may hold; more makes the exchange answer 413. The least of all calls.
  virtual void limit_request_buffer(size_t bytes) = 0;
  /// True once the whole request has been received.
  virtual bool request_complete() const = 0;
  virtual size_t buffered_request_bytes() const = 0;
};

}  // namespace proa::filters
