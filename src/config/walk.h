// walk: the messages directly inside of a field, each with its place. For what checks a whole configuration.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>

#include "config/site.h"

namespace proa::config {

/// The key of a map entry as a path shows it.
std::string map_key_text(const google::protobuf::Message& entry);

/// Calls visit(const Message& child, const Site& at) for the value of a message field, each item of a list and each
/// value of a map. `at` is the place of the field. Fields of other types hold nothing to visit.
template <class Visit>
void each_message(const google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field,
                  const Site& at, Visit&& visit) {
  using google::protobuf::FieldDescriptor;
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (!field.is_repeated()) {
    if (reflection.HasField(message, &field)) visit(reflection.GetMessage(message, &field), at);
    return;
  }
  const FieldDescriptor* value = field.is_map() ? field.message_type()->map_value() : nullptr;
  if (value != nullptr && value->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return;
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    const google::protobuf::Message& item = reflection.GetRepeatedMessage(message, &field, i);
    if (value == nullptr) {
      visit(item, at[static_cast<std::size_t>(i)]);
    } else {
      const std::string key = map_key_text(item);
      visit(item.GetReflection()->GetMessage(item, value), at.entry(key));
    }
  }
}

/// Whether the type is one of google.protobuf's own (Duration, Struct, wrappers): nothing to check within.
bool is_well_known(const google::protobuf::Descriptor& type);

/// A scalar, or "" for a message, a list or a map: as errors show what is set. Secrets give "".
std::string shown_value(const google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field);

}  // namespace proa::config
