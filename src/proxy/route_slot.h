// The routes of a connection manager, which RDS replaces while requests go on with those that they began with.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "base/private_count.h"
#include "route/route_table.h"

namespace proa::proxy {

/// Thread-safe. Never empty: before the first routes arrive, the table has no virtual host.
class RouteSlot {
 public:
  using Table = std::shared_ptr<const route::RouteTable>;

  explicit RouteSlot(Table first) : table_(std::move(first)) {}

  Table current() const {
    std::scoped_lock lock(mutex_);
    return table_;
  }
  /// From the next request on. The old table is freed by whoever lets go of it last.
  void replace(Table next) {
    std::scoped_lock lock(mutex_);
    table_.swap(next);
    version_.fetch_add(1, std::memory_order_release);
  }
  /// Rises with every replacement.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }

 private:
  mutable std::mutex mutex_;
  Table table_;
  std::atomic<uint64_t> version_{0};
};

/// What a connection remembers of a slot, so that a request looks at one atomic and takes no lock. One thread.
class RouteView {
 public:
  const RouteSlot::Table& of(const std::shared_ptr<RouteSlot>& slot) {
    const uint64_t version = slot->version();  // before the table: one that comes between is seen by the next request
    if (slot != slot_ || version != version_) [[unlikely]] {
      slot_ = slot;
      version_ = version;
      table_ = private_count(slot->current());
    }
    return table_;
  }

 private:
  std::shared_ptr<RouteSlot> slot_;
  uint64_t version_ = 0;
  RouteSlot::Table table_;
};

}  // namespace proa::proxy
