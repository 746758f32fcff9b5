#include "config/redact.h"

#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <vector>

#include "config/sensitive.h"
#include "config/typed_payload.h"

namespace proa::config {

namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

constexpr const char* kRedacted = "[redacted]";

void put(pb::Any& any, const pb::Message& content) { content.SerializeToString(any.mutable_value()); }

void become_struct(pb::Any& any, const std::string& key, const std::string& value) {
  pb::Struct fields;
  (*fields.mutable_fields())[key].set_string_value(value);
  any.PackFrom(fields);
}

/// Calls change(child) for each message directly in a field, map values included.
template <class Change>
void each_mutable(pb::Message& message, const Field& field, Change&& change) {
  const pb::Reflection& reflection = *message.GetReflection();
  if (!field.is_repeated()) return change(*reflection.MutableMessage(&message, &field));
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    change(*reflection.MutableRepeatedMessage(&message, &field, i));
  }
}

class Redactor {
 public:
  void message(pb::Message& message, bool secret) {
    if (auto* any = dynamic_cast<pb::Any*>(&message)) return this->any(*any, secret);
    if (is_typed_struct(*message.GetDescriptor())) return typed_struct(message, secret);
    std::vector<const Field*> set;
    message.GetReflection()->ListFields(message, &set);
    for (const Field* field : set) {
      // Of a map entry the key is no secret: it says which entry there is.
      const bool key = message.GetDescriptor()->options().map_entry() && field->number() == 1;
      const bool hidden = secret || is_sensitive(*field);
      if (field->cpp_type() == Field::CPPTYPE_MESSAGE) {
        each_mutable(message, *field, [&](pb::Message& child) { this->message(child, hidden); });
      } else if (hidden && !key) {
        hide(message, *field);
      }
    }
  }

 private:
  void hide(pb::Message& message, const Field& field) {
    ++hidden_;
    const pb::Reflection& reflection = *message.GetReflection();
    if (field.cpp_type() != Field::CPPTYPE_STRING) return reflection.ClearField(&message, &field);
    if (!field.is_repeated()) return reflection.SetString(&message, &field, kRedacted);
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      reflection.SetRepeatedString(&message, &field, i, kRedacted);
    }
  }

  void any(pb::Any& any, bool secret) {
    const pb::Descriptor* type = linked_type(type_name(any.type_url()));
    if (any.type_url().empty()) return;
    const auto content = type == nullptr ? nullptr : new_message(*type);
    if (content == nullptr || depth_ == kDeepestAny || !content->ParseFromString(any.value())) {
      ++hidden_;
      return become_struct(any, any.type_url(), kRedacted);
    }
    ++depth_;
    message(*content, secret);
    --depth_;
    put(any, *content);
  }

  /// Its Struct has no annotations: hidden as a whole unless it can be read as its type without a secret in it.
  void typed_struct(pb::Message& message, bool secret) {
    const auto inner = unwrap_typed_struct(message);
    if (inner && !secret) {
      const int before = hidden_;
      this->message(**inner, false);
      if (hidden_ == before) return;
    }
    ++hidden_;
    const Field* value = message.GetDescriptor()->FindFieldByName("value");
    auto& fields = static_cast<pb::Struct&>(*message.GetReflection()->MutableMessage(&message, value));
    for (auto& [name, field] : *fields.mutable_fields()) field.set_string_value(kRedacted);
  }

  int depth_ = 0;
  int hidden_ = 0;
};

/// Any of types that are not linked, made printable.
void resolve(pb::Message& message, int depth) {
  if (auto* any = dynamic_cast<pb::Any*>(&message)) {
    if (any->type_url().empty()) return;
    const pb::Descriptor* type = linked_type(type_name(any->type_url()));
    const auto content = type == nullptr ? nullptr : new_message(*type);
    if (content == nullptr || depth == kDeepestAny || !content->ParseFromString(any->value())) {
      return become_struct(*any, "unknown_type", any->type_url());
    }
    resolve(*content, depth + 1);
    return put(*any, *content);
  }
  std::vector<const Field*> set;
  message.GetReflection()->ListFields(message, &set);
  for (const Field* field : set) {
    if (field->cpp_type() != Field::CPPTYPE_MESSAGE) continue;
    each_mutable(message, *field, [&](pb::Message& child) { resolve(child, depth); });
  }
}

}  // namespace

void redact(pb::Message& message) { Redactor().message(message, false); }

Result<std::string> to_json(const pb::Message& message, bool lines) {
  pb::util::JsonPrintOptions options;
  options.add_whitespace = lines;
  options.preserve_proto_field_names = true;
  // One Any that cannot be resolved would leave nothing printed, so those are replaced first, in a copy.
  const std::unique_ptr<pb::Message> copy(message.New());
  copy->CopyFrom(message);
  resolve(*copy, 0);
  std::string json;
  const auto status = pb::util::MessageToJsonString(*copy, &json, options);
  if (!status.ok()) return fail(fmt::format("cannot be printed as JSON: {}", std::string(status.message())));
  return json;
}

}  // namespace proa::config
