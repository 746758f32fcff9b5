// What can happen in a handshake, by Envoy's names of counters ("ssl.handshake", ...).
#pragma once

#include <cstdint>
#include <string_view>

namespace proa::net::tls {

enum class Counter : uint8_t {
  kHandshake,
  kSessionReused,
  kNoCertificate,     // finished, and the peer sent no certificate
  kFailVerifyNoCert,  // one was required
  kFailVerifySan,
  kFailVerifyCertHash,
  kFailVerifyError,
  kConnectionError,  // any other failure
};
inline constexpr size_t kCounterCount = 8;

/// "handshake", "fail_verify_san", ...
std::string_view counter_name(Counter counter);

/// A set of counters: what one handshake adds one to.
class CounterSet {
 public:
  void add(Counter counter) { bits_ |= static_cast<uint8_t>(1U << static_cast<unsigned>(counter)); }
  bool has(Counter counter) const { return bits_ >> static_cast<unsigned>(counter) & 1U; }
  /// Calls f(Counter) for each.
  template <class F>
  void for_each(F f) const {
    for (unsigned i = 0; i < kCounterCount; ++i) {
      if (bits_ >> i & 1U) f(static_cast<Counter>(i));
    }
  }

 private:
  uint8_t bits_ = 0;
};

}  // namespace proa::net::tls
