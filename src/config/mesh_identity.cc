#include "config/mesh_identity.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/struct.pb.h>

#include <algorithm>
#include <array>

#include "config/stable_bytes.h"
#include "config/supported.h"
#include "envoy/config/bootstrap/v3/bootstrap.pb.h"

namespace proa::config {

namespace mx = envoy::tcp::metadataexchange::config;
using google::protobuf::Struct;

namespace {

constexpr std::array<std::string_view, 5> kFields{"NAME", "NAMESPACE", "WORKLOAD_NAME", "CLUSTER_ID", "OWNER"};
constexpr std::array<std::string_view, 4> kLabels{"service.istio.io/canonical-name",
                                                  "service.istio.io/canonical-revision", "app", "version"};

void copy(const Struct& from, std::string_view name, Struct& to) {
  auto found = from.fields().find(std::string(name));
  if (found == from.fields().end() || found->second.string_value().empty()) return;
  (*to.mutable_fields())[std::string(name)].set_string_value(found->second.string_value());
}

}  // namespace

MeshIdentity mesh_identity(const Compiler& compiler, const std::vector<std::string>& labels) {
  const auto& node = compiler.bootstrap.node();
  Struct told;
  for (std::string_view field : kFields) copy(node.metadata(), field, told);
  auto found = node.metadata().fields().find("LABELS");
  Struct& told_labels = *(*told.mutable_fields())["LABELS"].mutable_struct_value();
  if (found != node.metadata().fields().end()) {
    for (std::string_view label : kLabels) copy(found->second.struct_value(), label, told_labels);
    for (const std::string& label : labels) copy(found->second.struct_value(), label, told_labels);
  }
  MeshIdentity identity{.id = compiler.service_node.empty() ? node.id() : compiler.service_node,
                        .structure = stable_bytes(told),
                        .peer = {}};
  identity.peer = net::read_mesh_peer(identity.structure, labels).value_or(net::MeshPeer{});
  identity.peer.id = identity.id;
  return identity;
}

std::shared_ptr<const net::PeerExchangeSpec> compile_metadata_exchange(const mx::MetadataExchange& from,
                                                                       const Compiler& compiler) {
  auto to = std::make_shared<net::PeerExchangeSpec>();
  to->protocol = from.protocol();
  to->labels.assign(from.additional_labels().begin(), from.additional_labels().end());
  const MeshIdentity identity = mesh_identity(compiler, to->labels);
  Struct whole;
  (*whole.mutable_fields())["x-envoy-peer-metadata"].mutable_struct_value()->ParseFromString(identity.structure);
  if (!identity.id.empty()) {
    (*whole.mutable_fields())["x-envoy-peer-metadata-id"].set_string_value(identity.id);
  }
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/google.protobuf.Struct");
  any.set_value(stable_bytes(whole));
  to->message = net::frame_peer_message(any.SerializeAsString());
  return to;
}

void add_mesh_identity_fields(SupportedTable& table) {
  table.add(supported<mx::MetadataExchange>({"protocol", "additional_labels"})
                .harmless({"enable_discovery"}, "a peer that tells nothing is not looked up elsewhere"));
}

}  // namespace proa::config
