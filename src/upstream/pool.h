// What is asked of a connection pool, and what it answers.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/list.h"
#include "http/message.h"
#include "http/stream.h"
#include "upstream/connection_factory.h"
#include "upstream/spec.h"

namespace proa::upstream {

class Connection;
class HttpPool;

enum class PoolFailure : uint8_t {
  kOverflow,         ///< a circuit breaker of connections or requests: 503, UO
  kPendingOverflow,  ///< the circuit breaker of requests that wait: 503, UO
  kConnectFailure,   ///< UF
  kTimeout,          ///< the connection was not made in connect_timeout: UF
  kTlsFailure,       ///< UF; details say what was wrong with the handshake
};
/// "overflow", "connection_failure", ... for response code details.
std::string_view to_string(PoolFailure failure);

/// Which connections may carry a request.
struct PoolKey {
  UpstreamProtocol protocol = UpstreamProtocol::kHttp1;  ///< never kUseDownstream: see pool_protocol()
  RoutingPriority priority = RoutingPriority::kDefault;
  std::shared_ptr<const TransportOptions> options;  ///< null: the cluster's own
  friend bool operator==(const PoolKey& a, const PoolKey& b) {
    return a.protocol == b.protocol && a.priority == b.priority && same(a.options.get(), b.options.get());
  }
  size_t hash() const {
    const size_t small = static_cast<size_t>(protocol) * 2 + static_cast<size_t>(priority);
    return small ^ (options ? options->hash * 0x9e3779b97f4a7c15 : 0);
  }

 private:
  /// The hash decides quickly that two differ; that they are equal it cannot say, since clients choose what is hashed.
  static bool same(const TransportOptions* a, const TransportOptions* b) {
    if (!a || !b) return a == b;
    return a == b || (a->hash == b->hash && *a == *b);
  }
};
/// The protocol of the pool for a request that came with `downstream`.
UpstreamProtocol pool_protocol(const HttpSpec& spec, http::Version downstream);

/// A request that waits for a connection. Belongs to the caller; cancelled when destroyed.
class PoolWaiter : private ListLink<HttpPool> {
 public:
  /// `connection` has room for one stream: call open() on it before this returns, or lose it.
  virtual void on_ready(Connection& connection) = 0;
  /// `details` lives during the call.
  virtual void on_failed(PoolFailure failure, std::string_view details) = 0;
  /// No callback comes any more. Safe at any time.
  void cancel();
  bool waiting() const { return pool_ != nullptr; }

 protected:
  PoolWaiter() = default;
  ~PoolWaiter() { cancel(); }

 private:
  friend class HttpPool;
  friend class List<PoolWaiter, HttpPool>;
  HttpPool* pool_ = nullptr;
};

/// Whether a request that was reset may be sent again on another connection without counting as a retry: the server
/// has not started on it. REFUSED_STREAM and streams above a GOAWAY always; a connection that closed without a byte
/// of response only if it had carried a request before (the keep-alive race) and repeating the method is safe.
bool may_replay(http::ResetReason reason, bool reused_connection, bool response_started, http::Method method);

}  // namespace proa::upstream
