// scalar_field: one scalar of a tree into one scalar field of a message.
#pragma once

#include <expected>
#include <string>

#include "config/well_known.h"
#include "config/yaml_tree.h"

namespace google::protobuf {
class FieldDescriptor;
class Message;
}  // namespace google::protobuf

namespace proa::config {

/// The value as an error shows it: text in quotes, a number bare, "a list", or "a hidden value" of a secret.
std::string shown(const Node& node, bool secret);

/// Sets `field` of `out`, or appends to it if it is repeated. Numbers may be quoted, as in proto3 JSON.
/// With `secret` the reason does not repeat the value.
std::expected<void, Misread> set_scalar(const Node& node, google::protobuf::Message& out,
                                        const google::protobuf::FieldDescriptor& field, bool secret);

}  // namespace proa::config
