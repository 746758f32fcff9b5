// The table of the whole program, against the API that it is linked with.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "config/supported.h"

namespace proa::config {
namespace {

TEST(SupportTable, names_fields_that_exist_and_each_once) {
  EXPECT_THAT(supported_table().mistakes(), testing::IsEmpty());
  EXPECT_GT(supported_table().types().size(), 100U);
}

/// The message that a field holds, of a map its value; null for none, and for google.protobuf's own.
const google::protobuf::Descriptor* message_in(const google::protobuf::FieldDescriptor& field) {
  const google::protobuf::FieldDescriptor* one = field.is_map() ? field.message_type()->map_value() : &field;
  const google::protobuf::Descriptor* type = one->message_type();
  return type && type->file()->package() != "google.protobuf" ? type : nullptr;
}

// Otherwise the field would be refused wherever it is set.
TEST(SupportTable, knows_the_messages_that_its_fields_hold) {
  std::vector<std::string> unknown;
  for (const auto& [name, known] : supported_table().types()) {
    for (int i = 0; i < known.type().field_count(); ++i) {
      const google::protobuf::FieldDescriptor& field = *known.type().field(i);
      const google::protobuf::Descriptor* held = message_in(field);
      if (!held || known.standing(field) != Standing::supported) continue;
      if (!supported_table().find(*held)) unknown.push_back(field.full_name() + " of type " + held->full_name());
    }
  }
  EXPECT_THAT(unknown, testing::IsEmpty());
}

}  // namespace
}  // namespace proa::config
