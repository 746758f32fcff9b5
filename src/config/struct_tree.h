// struct_tree: a google.protobuf.Struct as a YamlTree, so that the message reader can read it into another type.
#pragma once

#include <optional>

#include "config/problems.h"
#include "config/yaml_tree.h"

namespace google::protobuf {
class Struct;
}

namespace proa::config {

/// Nodes have no line. Nothing for a Struct beyond the limits of a tree.
std::optional<YamlTree> tree_of(const google::protobuf::Struct& value, Problems& problems);

}  // namespace proa::config
