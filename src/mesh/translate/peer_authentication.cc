#include "mesh/translate/peer_authentication.h"

#include "mesh/model/select.h"

namespace proa::mesh {

namespace {

using Spec = istio::security::v1beta1::PeerAuthentication;

MutualTls mode_or(Spec::MutualTLS::Mode mode, MutualTls inherited) {
  switch (mode) {
    case Spec::MutualTLS::DISABLE: return MutualTls::disable;
    case Spec::MutualTLS::PERMISSIVE: return MutualTls::permissive;
    case Spec::MutualTLS::STRICT: return MutualTls::strict;
    default: return inherited;
  }
}

}  // namespace

MutualTls PeerModes::of(std::uint32_t port) const {
  const auto found = ports.find(port);
  return found == ports.end() ? workload : found->second;
}

PeerModes peer_modes(const World& world, const ProxyNode& node) {
  const PeerAuthentication* mesh = nullptr;
  const PeerAuthentication* ns = nullptr;
  const PeerAuthentication* own = nullptr;
  const auto policies = policies_for<PeerAuthentication>(world, node.ns, node.labels);
  for (const auto& policy : policies) {
    const bool selecting = !policy->spec.selector().match_labels().empty();
    // A selector of the root namespace's is for nobody.
    if (policy->meta.ns == world.root_namespace()) {
      if (!selecting && mesh == nullptr) mesh = policy.get();
      continue;
    }
    const PeerAuthentication*& level = selecting ? own : ns;
    if (level == nullptr) level = policy.get();
  }
  PeerModes out;
  for (const PeerAuthentication* level : {mesh, ns, own}) {
    if (level != nullptr) out.workload = mode_or(level->spec.mtls().mode(), out.workload);
  }
  if (own == nullptr) return out;
  for (const auto& [port, mtls] : own->spec.port_level_mtls()) out.ports[port] = mode_or(mtls.mode(), out.workload);
  return out;
}

}  // namespace proa::mesh
