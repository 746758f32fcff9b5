// validate: what Istio's own validation (istio/pkg/config/validation) refuses or warns of, for each kind. `at` is the
// place of the spec; its marks hold JSON names.
#pragma once

#include "config/site.h"
#include "mesh/model/object.h"

namespace proa::mesh {

void validate(const MeshConfig::Spec& spec, const config::Site& at);
void validate(const VirtualService::Spec& spec, const config::Site& at);
void validate(const DestinationRule::Spec& spec, const config::Site& at);
void validate(const Gateway::Spec& spec, const config::Site& at);
void validate(const ServiceEntry::Spec& spec, const config::Site& at);
void validate(const WorkloadEntry::Spec& spec, const config::Site& at);
void validate(const WorkloadGroup::Spec& spec, const config::Site& at);
void validate(const Sidecar::Spec& spec, const config::Site& at);
void validate(const ProxyConfig::Spec& spec, const config::Site& at);
void validate(const EnvoyFilter::Spec& spec, const config::Site& at);
void validate(const PeerAuthentication::Spec& spec, const config::Site& at);
void validate(const RequestAuthentication::Spec& spec, const config::Site& at);
void validate(const AuthorizationPolicy::Spec& spec, const config::Site& at);
void validate(const Telemetry::Spec& spec, const config::Site& at);

}  // namespace proa::mesh
