#include "config/typed_payload.h"

#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor_database.h>
#include <google/protobuf/message.h>
#include <google/protobuf/struct.pb.h>

#include <algorithm>

#include "config/message_reader.h"
#include "config/struct_tree.h"

namespace proa::config {

namespace pb = google::protobuf;

std::string_view type_name(std::string_view type_url) { return type_url.substr(type_url.rfind('/') + 1); }

const pb::Descriptor* linked_type(std::string_view full_name) {
  return pb::DescriptorPool::generated_pool()->FindMessageTypeByName(std::string(full_name));
}

std::vector<std::string> linked_types() {
  std::vector<std::string> names;
  // The pool itself has no list: it builds descriptors from this database when they are first asked for.
  pb::DescriptorPool::internal_generated_database()->FindAllMessageNames(&names);
  std::ranges::sort(names);
  return names;
}

std::unique_ptr<pb::Message> new_message(const pb::Descriptor& type) {
  return std::unique_ptr<pb::Message>(pb::MessageFactory::generated_factory()->GetPrototype(&type)->New());
}

bool is_typed_struct(const pb::Descriptor& type) {
  return type.full_name() == "xds.type.v3.TypedStruct" || type.full_name() == "udpa.type.v1.TypedStruct";
}

Result<std::unique_ptr<pb::Message>> unwrap_typed_struct(const pb::Message& typed_struct) {
  const pb::Descriptor& type = *typed_struct.GetDescriptor();
  const pb::Reflection& reflection = *typed_struct.GetReflection();
  std::string scratch;
  const std::string& url = reflection.GetStringReference(typed_struct, type.FindFieldByName("type_url"), &scratch);
  const pb::Descriptor* inner = linked_type(type_name(url));
  if (inner == nullptr) return fail(fmt::format("type {} is not known", shown(type_name(url))));
  const auto& value =
      static_cast<const pb::Struct&>(reflection.GetMessage(typed_struct, type.FindFieldByName("value")));
  Problems problems;
  Marks marks;
  auto message = new_message(*inner);
  const auto tree = tree_of(value, problems);
  if (tree) read_message(tree->root(), *message, marks, problems);
  if (problems.ok()) return message;
  Problem first = problems.all().front();
  first.at = {};
  return fail(fmt::format("its value does not fit {}: {}", inner->full_name(), first.str()));
}

Result<Payload> open_any(const pb::Any& any) {
  const pb::Descriptor* type = linked_type(type_name(any.type_url()));
  if (type == nullptr) return fail(fmt::format("type {} is not known", shown(type_name(any.type_url()))));
  Payload payload{new_message(*type)};
  if (!payload.message->ParseFromString(any.value())) {
    return fail(fmt::format("its bytes are not a {}", type->full_name()));
  }
  if (!is_typed_struct(*type)) return payload;
  auto inner = unwrap_typed_struct(*payload.message);
  if (!inner) return std::unexpected(inner.error());
  return Payload{std::move(*inner), true};
}

std::optional<Payload> open_any(const pb::Any& any, const Site& at) {
  Result<Payload> payload = open_any(any);
  if (payload) return std::move(*payload);
  at.error(payload.error().message);
  return std::nullopt;
}

}  // namespace proa::config
