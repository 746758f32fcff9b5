// A TLS context that can be replaced while it serves: what a filter chain or a cluster holds, so that a renewed
// certificate is used from the next handshake on.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace proa::net::tls {

class ClientContext;
class ServerContext;

/// Thread-safe. Empty before secrets that come by name have arrived, never again afterwards. A handshake takes the context once and keeps it for the connection's life; the lock
/// around one pointer is nothing beside it. (GCC 12's atomic<shared_ptr> is such a lock too, and one that
/// ThreadSanitizer cannot see.)
template <class Context>
class Slot {
 public:
  explicit Slot(std::shared_ptr<const Context> first) : context_(std::move(first)) {}

  std::shared_ptr<const Context> current() const {
    std::scoped_lock lock(mutex_);
    return context_;
  }
  /// Connections keep what they have. The old context is freed by whoever lets go of it last.
  void replace(std::shared_ptr<const Context> next) {
    std::scoped_lock lock(mutex_);
    context_.swap(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Context> context_;
};

using ServerSlot = Slot<ServerContext>;
using ClientSlot = Slot<ClientContext>;

}  // namespace proa::net::tls
