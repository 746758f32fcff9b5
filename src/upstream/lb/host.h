// One endpoint of one cluster, shared by all workers for as long as anything refers to it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "upstream/lb/endpoint.h"

namespace proa::upstream {

/// Reasons not to send to a host, as bits. Those under kEds come from discovery, the others are found out here.
enum class HealthFlag : uint32_t {
  kFailedActive = 1,   ///< active health checking
  kFailedOutlier = 2,  ///< ejected by outlier detection
  kEdsUnhealthy = 4,
  kEdsDraining = 8,
  kEdsTimeout = 16,
  kEdsDegraded = 32,
  kDegradedActive = 64,   ///< the health check answered "degraded"
  kPendingActive = 128,   ///< not checked yet
  kPendingRemoval = 256,  ///< gone from discovery, kept while its checks pass
  kExcluded = 512,        ///< x-envoy-immediate-health-check-fail: not counted in the panic calculation
};
inline constexpr uint32_t kEdsFlags = 4 | 8 | 16 | 32;
/// "/failed_active_hc/failed_outlier_check" as /clusters prints it; "healthy" for none.
std::string health_flags_text(uint32_t flags);

enum class Health : uint8_t { kUnhealthy, kDegraded, kHealthy };

/// What outlier detection counts between two of its rounds; written by workers with relaxed atomics.
struct OutlierCounters {
  std::atomic<uint32_t> consecutive_5xx{0};
  std::atomic<uint32_t> consecutive_gateway{0};
  std::atomic<uint32_t> consecutive_local{0};
  std::atomic<uint32_t> requests{0};  ///< this interval, external origin (or all, when not split)
  std::atomic<uint32_t> successes{0};
  std::atomic<uint32_t> local_requests{0};  ///< this interval, local origin
  std::atomic<uint32_t> local_successes{0};
};

/// Identity is constant; weight, health and counters are atomics. Destroyed on whichever thread lets go last.
/// A host whose metadata, locality or hostname changes is a new host at the same address.
class Host {
 public:
  Host(Endpoint endpoint, std::shared_ptr<const Locality> locality, uint32_t priority);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  const net::Address& address() const { return addresses_.front(); }
  const std::vector<net::Address>& addresses() const { return addresses_; }
  /// "10.0.0.1:80", as logs, hashing and override headers spell it.
  const std::string& address_text() const { return address_text_; }
  const std::string& hostname() const { return hostname_; }
  const Locality& locality() const { return *locality_; }
  const std::shared_ptr<const Locality>& shared_locality() const { return locality_; }
  uint32_t priority() const { return priority_.load(std::memory_order_relaxed); }
  void set_priority(uint32_t priority) { priority_.store(priority, std::memory_order_relaxed); }
  const observe::Metadata* metadata() const { return metadata_.get(); }
  const std::shared_ptr<const observe::Metadata>& shared_metadata() const { return metadata_; }
  const HealthCheckOverride* health_check() const { return health_check_.get(); }
  bool canary() const { return canary_; }

  uint32_t weight() const { return weight_.load(std::memory_order_relaxed); }
  void set_weight(uint32_t weight) { weight_.store(weight ? weight : 1, std::memory_order_relaxed); }

  // Health: changed on the main thread, read anywhere. Balancers look at the lists of a HostSet, which are
  // built from it.
  uint32_t flags() const { return flags_.load(std::memory_order_relaxed); }
  bool has(HealthFlag flag) const { return flags() & static_cast<uint32_t>(flag); }
  /// True when that changed anything.
  bool set(HealthFlag flag, bool on);
  /// Replaces the flags that come from discovery; true when that changed anything.
  bool set_eds_status(HealthStatus status);
  Health health() const;
  HealthStatus eds_status() const;

  /// Start of slow start: when the host was added, or last became healthy.
  MonoTime healthy_since() const { return MonoTime(Duration(healthy_since_.load(std::memory_order_relaxed))); }
  void set_healthy_since(MonoTime at) {
    healthy_since_.store(std::chrono::duration_cast<Duration>(at.time_since_epoch()).count(),
                         std::memory_order_relaxed);
  }

  /// Made by the cluster when it detects outliers, before the host is published; else null.
  std::unique_ptr<OutlierCounters> outlier;

  /// Everything a request writes, on one cache line of its own.
  struct alignas(64) Hot {
    std::atomic<uint32_t> references{0};
    std::atomic<uint32_t> active_requests{0};
    std::atomic<uint32_t> active_connections{0};
    std::atomic<uint32_t> cx_connect_fail{0};
    std::atomic<uint64_t> cx_total{0};
    std::atomic<uint64_t> rq_total{0};
    std::atomic<uint64_t> rq_success{0};
    std::atomic<uint64_t> rq_error{0};
    std::atomic<uint64_t> rq_timeout{0};
  };
  Hot hot;

 private:
  std::vector<net::Address> addresses_;
  std::string address_text_;
  std::string hostname_;
  std::shared_ptr<const Locality> locality_;
  std::shared_ptr<const observe::Metadata> metadata_;
  std::shared_ptr<const HealthCheckOverride> health_check_;
  std::atomic<int64_t> healthy_since_{0};
  std::atomic<uint32_t> weight_;
  std::atomic<uint32_t> flags_{0};
  std::atomic<uint32_t> priority_;
  bool canary_ = false;
};

/// Keeps a host alive. Any thread.
class HostRef {
 public:
  HostRef() = default;
  HostRef(std::nullptr_t) {}
  explicit HostRef(Host* host) : host_(host) {
    if (host_) host_->hot.references.fetch_add(1, std::memory_order_relaxed);
  }
  HostRef(const HostRef& other) : HostRef(other.host_) {}
  HostRef(HostRef&& other) noexcept : host_(std::exchange(other.host_, nullptr)) {}
  HostRef& operator=(HostRef other) noexcept {
    std::swap(host_, other.host_);
    return *this;
  }
  ~HostRef() {
    if (host_ && host_->hot.references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete host_;
  }

  Host* get() const { return host_; }
  Host& operator*() const { return *host_; }
  Host* operator->() const { return host_; }
  explicit operator bool() const { return host_ != nullptr; }
  friend bool operator==(const HostRef& a, const HostRef& b) { return a.host_ == b.host_; }

 private:
  Host* host_ = nullptr;
};

inline HostRef make_host(Endpoint endpoint, std::shared_ptr<const Locality> locality, uint32_t priority = 0) {
  return HostRef(new Host(std::move(endpoint), std::move(locality), priority));
}

}  // namespace proa::upstream
