// merge: a configuration laid over another, as Envoy lays --config-yaml over the file of -c.
#pragma once

#include <string_view>

#include "config/field_path.h"
#include "config/problems.h"
#include "config/yaml_tree.h"

namespace google::protobuf {
class Message;
}

namespace proa::config {

/// Reads `over` and merges it into `base` with protobuf's MergeFrom: messages merge field by field, lists are
/// appended to, scalars replace. Marks of both documents are kept, those of list items under their final index.
/// A value that MergeFrom drops (a default such as 0 or false) is warned about.
void merge(const Node& over, google::protobuf::Message& base, Marks& marks, Problems& problems,
           bool unknown_fields_are_warnings = false);

}  // namespace proa::config
