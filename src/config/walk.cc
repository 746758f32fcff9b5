#include "config/walk.h"

#include <google/protobuf/text_format.h>

#include "config/sensitive.h"

namespace proa::config {

namespace pb = google::protobuf;

std::string map_key_text(const pb::Message& entry) {
  const pb::FieldDescriptor* key = entry.GetDescriptor()->map_key();
  if (key->cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING) {
    return entry.GetReflection()->GetString(entry, key);
  }
  std::string text;
  pb::TextFormat::PrintFieldValueToString(entry, key, -1, &text);
  return text;
}

bool is_well_known(const pb::Descriptor& type) {
  return type.well_known_type() != pb::Descriptor::WELLKNOWNTYPE_UNSPECIFIED ||
         type.full_name() == "google.protobuf.Empty";
}

std::string shown_value(const pb::Message& message, const pb::FieldDescriptor& field) {
  if (field.is_repeated() || field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE || is_sensitive(field)) return {};
  if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING) {
    return shown(message.GetReflection()->GetString(message, &field));
  }
  std::string text;
  pb::TextFormat::PrintFieldValueToString(message, &field, -1, &text);
  return text;
}

}  // namespace proa::config
