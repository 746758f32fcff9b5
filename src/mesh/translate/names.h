// names: how Istio calls clusters. People, dashboards and tools read them.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace proa::mesh {

inline std::string outbound_cluster(std::uint32_t port, std::string_view subset, std::string_view host) {
  return fmt::format("outbound|{}|{}|{}", port, subset, host);
}
inline std::string inbound_cluster(std::uint32_t port) { return fmt::format("inbound|{}||", port); }
/// The server name of Istio's mTLS.
inline std::string outbound_sni(std::uint32_t port, std::string_view subset, std::string_view host) {
  return fmt::format("outbound_.{}_.{}_.{}", port, subset, host);
}

inline constexpr std::string_view kBlackHole = "BlackHoleCluster";
inline constexpr std::string_view kPassthrough = "PassthroughCluster";
inline constexpr std::string_view kInboundPassthrough = "InboundPassthroughCluster";

}  // namespace proa::mesh
