// What a balancer is told about the request that it places, and what it tells about its choice.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "upstream/lb/lb_spec.h"

namespace proa::net {
class Address;
struct ConnectionInfo;
}  // namespace proa::net
namespace proa::http {
struct RequestHead;
}

namespace proa::upstream {

class Host;

/// The metadata_match of a route or weighted cluster: immutable, made when it is compiled.
class SubsetCriteria {
 public:
  explicit SubsetCriteria(SubsetValues values);
  const SubsetValues& values() const { return values_; }
  /// Unambiguous text of all pairs, by which subsets are found.
  const std::string& key() const { return key_; }
  static std::string key_of(const SubsetValues& values);

 private:
  SubsetValues values_;  // sorted by key
  std::string key_;
};

/// Says which hosts a request should rather not get (a retry: those already tried).
class HostFilter {
 public:
  virtual bool reject(const Host& host) const = 0;

 protected:
  ~HostFilter() = default;
};

/// Things worth a counter that happened in a choice.
enum class LbEvent : uint16_t {
  kHealthyPanic = 1,
  kSubsetSelected = 2,
  kSubsetFallback = 4,
  kSubsetFallbackPanic = 8,
  kZoneAllDirectly = 16,
  kZoneSampled = 32,
  kZoneCross = 64,
  kZoneNoCapacityLeft = 128,
  kOverrideUsed = 256,
};

/// Lives during one choose(); filled by the proxy, `events` by the balancer.
struct LbContext {
  std::optional<uint64_t> hash;  ///< of the route's hash policy
  const SubsetCriteria* subset = nullptr;
  const HostFilter* filter = nullptr;
  uint32_t filter_attempts = 1;    ///< host_selection_retry_max_attempts: choices while `filter` rejects
  uint32_t tried_priorities = 0;   ///< bit per priority that retry_priority excludes
  std::string_view override_host;  ///< "ip:port" wished by session affinity; used while it is usable
  bool override_strict = false;    ///< no other host than the override will do
  /// Bits (1 << HealthStatus) in which the override host may be; default: UNKNOWN, HEALTHY, DEGRADED.
  uint32_t override_statuses = 0b100011;
  MonoTime now{};

  const http::RequestHead* request = nullptr;       ///< null for TCP
  const net::ConnectionInfo* downstream = nullptr;  ///< null in tests
  /// Where the downstream connection was going before it was redirected; null when unknown.
  const net::Address* original_destination = nullptr;

  uint16_t events = 0;
  void note(LbEvent event) { events |= static_cast<uint16_t>(event); }
  bool noted(LbEvent event) const { return events & static_cast<uint16_t>(event); }
};

}  // namespace proa::upstream
