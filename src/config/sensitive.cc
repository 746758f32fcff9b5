#include "config/sensitive.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "udpa/annotations/sensitive.pb.h"

namespace proa::config {

bool is_sensitive(const google::protobuf::FieldDescriptor& field) {
  using Field = google::protobuf::FieldDescriptor;
  if (field.options().GetExtension(udpa::annotations::sensitive)) return true;
  static constexpr std::array<std::string_view, 5> kNames = {"private_key", "password", "secret", "token", "pkcs12"};
  if (std::ranges::find(kNames, field.name()) == kNames.end()) return false;
  // By name only where the value itself may stand: an SdsSecretConfig called `token` holds a name to show.
  if (field.cpp_type() == Field::CPPTYPE_STRING) return true;
  return field.cpp_type() == Field::CPPTYPE_MESSAGE &&
         field.message_type()->full_name() == "envoy.config.core.v3.DataSource";
}

}  // namespace proa::config
