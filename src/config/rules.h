// rules: the constraints that Envoy's API declares on its fields (protoc-gen-validate's options), checked by
// reflection. What Envoy refuses because of them, Proa refuses with path, line, value and the constraint in words.
#pragma once

#include "config/site.h"

namespace google::protobuf {
class Message;
}

namespace proa::config {

/// Checks `message` and all it contains, through Any and TypedStruct too. An Any of a type that is not linked, or
/// that cannot be read, is passed over: check_supported() names it.
void check_rules(const google::protobuf::Message& message, const Site& at);

}  // namespace proa::config
