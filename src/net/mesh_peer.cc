#include "net/mesh_peer.h"

#include <algorithm>
#include <array>

#include "base/proto_reader.h"

namespace proa::net {
namespace {

/// google.protobuf.Value: its string, or the bytes of its Struct.
struct Value {
  std::string_view text;
  std::string_view structure;
};

bool read_value(std::string_view bytes, Value& out) {
  ProtoReader fields(bytes);
  while (fields.next()) {
    if (fields.is_bytes(3)) out.text = fields.bytes();
    if (fields.is_bytes(5)) out.structure = fields.bytes();
  }
  return !fields.failed();
}

/// Calls `take(name, value)` for each field of a google.protobuf.Struct.
template <class Take>
bool read_struct(std::string_view bytes, Take take) {
  ProtoReader entries(bytes);
  while (entries.next()) {
    if (!entries.is_bytes(1)) continue;
    std::string_view name;
    Value value;
    ProtoReader entry(entries.bytes());
    while (entry.next()) {
      if (entry.is_bytes(1)) name = entry.bytes();
      if (entry.is_bytes(2) && !read_value(entry.bytes(), value)) return false;
    }
    if (entry.failed() || !take(name, value)) return false;
  }
  return !entries.failed();
}

}  // namespace

std::string_view MeshPeer::workload_type() const {
  if (owner.size() <= workload.size() + 2) return {};
  std::string_view kind = std::string_view(owner).substr(0, owner.size() - workload.size() - 2);  // "s/" and the name
  const size_t slash = kind.rfind('/');
  if (slash == kind.npos) return {};
  kind.remove_prefix(slash + 1);
  for (std::string_view known : {"deployment", "job", "cronjob", "pod"}) {
    if (kind == known) return known;
  }
  return {};
}

std::optional<MeshPeer> read_mesh_peer(std::string_view structure, const std::vector<std::string>& labels) {
  MeshPeer peer;
  auto take_label = [&](std::string_view name, const Value& value) {
    const std::string text(value.text);
    if (name == "service.istio.io/canonical-name")
      peer.canonical_name = text;
    else if (name == "service.istio.io/canonical-revision")
      peer.canonical_revision = text;
    else if (name == "app")
      peer.app = text;
    else if (name == "version")
      peer.version = text;
    else if (std::ranges::find(labels, name) != labels.end())
      peer.labels.emplace_back(name, text);
    return true;
  };
  auto take = [&](std::string_view name, const Value& value) {
    const std::string text(value.text);
    if (name == "NAME")
      peer.instance = text;
    else if (name == "NAMESPACE")
      peer.namespace_name = text;
    else if (name == "OWNER")
      peer.owner = text;
    else if (name == "WORKLOAD_NAME")
      peer.workload = text;
    else if (name == "CLUSTER_ID")
      peer.cluster = text;
    else if (name == "LABELS")
      return read_struct(value.structure, take_label);
    return true;
  };
  if (!read_struct(structure, take)) return std::nullopt;
  std::ranges::sort(peer.labels);
  return peer;
}

std::optional<MeshPeer> mesh_peer_of_endpoint(std::string_view text) {
  std::array<std::string_view, 5> parts;
  for (size_t i = 0; i < parts.size(); ++i) {
    const size_t end = text.find(';');
    if (end == text.npos && i + 1 < parts.size()) return std::nullopt;
    parts[i] = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  MeshPeer peer;
  peer.workload = parts[0];
  peer.namespace_name = parts[1];
  peer.canonical_name = parts[2];
  peer.canonical_revision = parts[3];
  peer.cluster = parts[4];
  return peer;
}

}  // namespace proa::net
