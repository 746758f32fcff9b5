// authorization_custom: whom policies with the action CUSTOM ask: an extension provider of the mesh's configuration.
#pragma once

#include <optional>
#include <string_view>

#include "envoy/extensions/filters/http/ext_authz/v3/ext_authz.pb.h"
#include "envoy/extensions/filters/network/ext_authz/v3/ext_authz.pb.h"
#include "mesh/model/world.h"

namespace proa::mesh {

struct CustomProvider {
  envoy::extensions::filters::http::ext_authz::v3::ExtAuthz http;
  std::optional<envoy::extensions::filters::network::ext_authz::v3::ExtAuthz> tcp{};  ///< of a gRPC provider only
};

/// Filters that ask the provider about what a rule has matched. Nothing where there is no such provider, it is not one
/// of authorization, or its service is not known.
std::optional<CustomProvider> custom_provider(const World& world, std::string_view name);

}  // namespace proa::mesh
