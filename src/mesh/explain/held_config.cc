#include "mesh/explain/held_config.h"

#include <google/protobuf/util/json_util.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "config/redact.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "mesh/push/resource_type.h"

namespace proa::mesh {

namespace {

using envoy::config::endpoint::v3::ClusterLoadAssignment;
using google::protobuf::Message;
using nlohmann::json;

struct List {
  std::string_view field;   ///< of a dump
  std::string_view member;  ///< of an entry
  std::string_view name;    ///< of the resource: the field with its name
  std::string_view type;
};
constexpr List kLists[] = {{"dynamic_active_clusters", "cluster", "name", kClusterType},
                           {"dynamic_endpoint_configs", "endpoint_config", "cluster_name", kEndpointsType},
                           {"dynamic_listeners", "listener", "name", kListenerType},
                           {"dynamic_route_configs", "route_config", "name", kRoutesType},
                           {"dynamic_active_secrets", "secret", "name", kSecretType}};

std::string text_at(const json& object, std::string_view key) {
  const auto found = object.find(std::string(key));
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

HeldResource held_of(const List& list, const json& entry) {
  // Listeners stand one level deeper than the others.
  const auto active = entry.find("active_state");
  const json& state = active != entry.end() && active->is_object() ? *active : entry;
  HeldResource out{.type = std::string(list.type)};
  out.version = text_at(state, "version_info");
  out.name = text_at(entry, "name");
  const auto resource = state.find(std::string(list.member));
  if (resource != state.end() && resource->is_object()) {
    if (out.name.empty()) out.name = text_at(*resource, list.name);
    out.json = resource->dump();
  }
  const auto error = entry.find("error_state");
  if (error != entry.end() && error->is_object()) out.error = text_at(*error, "details");
  return out;
}

/// Envoy shows the hosts that it has now, not what it was told: what it adds to them is no difference.
void leave_out_what_envoy_adds(ClusterLoadAssignment& assignment) {
  assignment.clear_policy();
  for (auto& locality : *assignment.mutable_endpoints()) {
    if (locality.locality().ByteSizeLong() == 0) locality.clear_locality();
    for (auto& endpoint : *locality.mutable_lb_endpoints()) {
      if (endpoint.health_status() == envoy::config::core::v3::HEALTHY) endpoint.clear_health_status();
      if (endpoint.endpoint().health_check_config().ByteSizeLong() == 0) {
        endpoint.mutable_endpoint()->clear_health_check_config();
      }
    }
  }
}

std::unique_ptr<Message> message_of(const std::string& type) {
  const std::string name = type.substr(type.rfind('/') + 1);
  const auto* descriptor = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(name);
  if (descriptor == nullptr) return nullptr;
  return std::unique_ptr<Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(descriptor)->New());
}

/// As text that is equal for equal messages; empty: it has a message that is not known.
std::string text_of(Message& message) {
  config::redact(message);
  if (auto* assignment = dynamic_cast<ClusterLoadAssignment*>(&message)) leave_out_what_envoy_adds(*assignment);
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string out;
  if (!google::protobuf::util::MessageToJsonString(message, &out, options).ok()) return "";
  return json::parse(out).dump(2);
}

std::string text_of_held(const HeldResource& held) {
  json plain = json::parse(held.json, nullptr, /*allow_exceptions=*/false);
  if (!plain.is_object()) return "";
  plain.erase("@type");
  const auto message = message_of(held.type);
  if (!message || !google::protobuf::util::JsonStringToMessage(plain.dump(), message.get()).ok()) return "";
  return text_of(*message);
}

std::string text_of_wanted(const std::string& type, const Resource& resource) {
  const auto message = message_of(type);
  if (!message || !message->ParseFromString(resource.body)) return "";
  return text_of(*message);
}

}  // namespace

Result<HeldConfig> read_config_dump(std::string_view text) {
  const json dump = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!dump.is_object() || !dump.contains("configs") || !dump.at("configs").is_array()) {
    return fail("the answer is no configuration dump");
  }
  HeldConfig out;
  for (const json& part : dump.at("configs")) {
    if (!part.is_object()) return fail("the answer is no configuration dump");
    if (part.contains("bootstrap") && part.at("bootstrap").is_object()) {
      const json node = part.at("bootstrap").value("node", json::object());
      google::protobuf::util::JsonParseOptions options;
      options.ignore_unknown_fields = true;  // of an Envoy that is newer
      const auto read = google::protobuf::util::JsonStringToMessage(node.dump(), &out.node, options);
      if (!read.ok()) return fail("the proxy's node cannot be read: " + read.ToString());
      // Envoy says here what it is; ours says so only to the control plane.
      if (out.node.user_agent_name().empty()) out.node.set_user_agent_name("proa-proxy");
    }
    for (const List& list : kLists) {
      const auto entries = part.find(std::string(list.field));
      if (entries == part.end() || !entries->is_array()) continue;
      for (const json& entry : *entries) {
        if (entry.is_object()) out.resources.push_back(held_of(list, entry));
      }
    }
  }
  return out;
}

std::string_view name_of(HeldState state) {
  constexpr std::string_view kNames[] = {"held", "same", "differs", "missing", "unexpected", "unreadable"};
  return kNames[static_cast<std::size_t>(state)];
}

std::vector<ComparedResource> compare(const HeldConfig& held, const ResourceSet& wanted) {
  std::map<std::pair<std::string, std::string>, ComparedResource> all;
  for (const auto& [type, named] : wanted.types) {
    for (const auto& [name, resource] : named) {
      all[{type, name}] = {
          .held = {.type = type, .name = name}, .state = HeldState::missing, .origin = resource->origin};
    }
  }
  for (const HeldResource& each : held.resources) {
    ComparedResource& to = all[{each.type, each.name}];
    const bool expected = to.state == HeldState::missing;
    to.held = each;
    if (each.type == kSecretType) continue;
    if (!expected) {
      // Envoy lists hosts of all clusters, whoever told it of them.
      const auto clusters = wanted.types.find(std::string(kClusterType));
      const bool of_cluster =
          each.type == kEndpointsType && clusters != wanted.types.end() && clusters->second.contains(each.name);
      to.state = of_cluster ? HeldState::held : HeldState::unexpected;
      continue;
    }
    if (each.json.empty()) continue;  // refused, and there is none before it
    to.has = text_of_held(each);
    to.wants = text_of_wanted(each.type, *wanted.types.at(each.type).at(each.name));
    to.state = to.has.empty() ? HeldState::unreadable : to.has == to.wants ? HeldState::same : HeldState::differs;
    if (to.state != HeldState::differs) to.has.clear(), to.wants.clear();
  }
  std::vector<ComparedResource> out;
  for (auto& [key, each] : all) out.push_back(std::move(each));
  return out;
}

}  // namespace proa::mesh
