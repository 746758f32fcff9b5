// held_config: what a proxy says it has from its control plane, and how that differs from what it should have.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "envoy/config/core/v3/base.pb.h"
#include "mesh/push/resource.h"

namespace proa::mesh {

struct HeldResource {
  std::string type{};  ///< type URL
  std::string name{};
  std::string version{};
  std::string json{};   ///< as the proxy shows it, with "@type"; empty: none was accepted
  std::string error{};  ///< why it refuses the last one of that name
};

struct HeldConfig {
  envoy::config::core::v3::Node node{};
  std::vector<HeldResource> resources{};  ///< clusters, endpoints, listeners, routes, secrets
};

/// `/config_dump?include_eds` of a proxy, ours or Envoy.
Result<HeldConfig> read_config_dump(std::string_view json);

enum class HeldState : std::uint8_t {
  held,  ///< there is nothing to compare it with
  same,
  differs,
  missing,     ///< it should have it
  unexpected,  ///< it should not have it
  unreadable,  ///< of a message that is not known here
};
std::string_view name_of(HeldState state);

struct ComparedResource {
  HeldResource held{};
  HeldState state = HeldState::held;
  Origin origin{};
  std::string has{}, wants{};  ///< JSON in one form, of a resource that differs
};

/// Each of both, by type and name. Secrets are only listed: whoever stands beside the proxy gives it those.
std::vector<ComparedResource> compare(const HeldConfig& held, const ResourceSet& wanted);

}  // namespace proa::mesh
