// route_match: the condition of an HTTP route of a VirtualService, as Envoy matches requests. What is known when the
// configuration is made (port, gateways, labels and namespace of the source) is judged here and not sent.
#pragma once

#include "envoy/config/route/v3/route_components.pb.h"
#include "istio/networking/v1alpha3/virtual_service.pb.h"

namespace proa::mesh {

/// A null `match` takes every request. `whole_segments`: a prefix ends where a segment of the path does, as in the
/// Gateway API.
envoy::config::route::v3::RouteMatch route_match(const istio::networking::v1alpha3::HTTPMatchRequest* match,
                                                 bool whole_segments);

/// Whether no route after this one is ever reached.
bool takes_everything(const envoy::config::route::v3::RouteMatch& match);

envoy::type::matcher::v3::StringMatcher string_matcher(const istio::networking::v1alpha3::StringMatch& match);

}  // namespace proa::mesh
