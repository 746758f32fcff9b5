// is_sensitive: which fields hold secrets, so that neither an error message nor a dump repeats them.
#pragma once

namespace google::protobuf {
class FieldDescriptor;
}

namespace proa::config {

/// Whether the API marks the field with udpa.annotations.sensitive, or its name says so (private_key, password,
/// secret, token, pkcs12) and it holds a string, bytes or a DataSource. All that is inside of it is secret too.
bool is_sensitive(const google::protobuf::FieldDescriptor& field);

}  // namespace proa::config
