// message_reader: a YamlTree into a protobuf message, by the proto3 JSON mapping and with errors that help.
//
// It reads what google::protobuf::util::JsonStringToMessage reads, and differs where a person is served better:
// all errors instead of the first, each with its line; enums and names in near misses; a list is never made from
// a single value; a number is never made a string; unknown enum numbers are refused.
#pragma once

#include "config/field_path.h"
#include "config/problems.h"
#include "config/yaml_tree.h"

namespace google::protobuf {
class Message;
}

namespace proa::config {

struct ReadOptions {
  /// The message that the result will be merged into with MergeFrom: list items are numbered after its own, so that
  /// marks and errors name the final index, and a value that such a merge cannot override is warned about.
  const google::protobuf::Message* under = nullptr;
  /// --allow-unknown-static-fields.
  bool unknown_fields_are_warnings = false;
  /// Fields are called by their JSON names (trafficPolicy) in errors and marks, as Kubernetes' users write them.
  bool json_names = false;
  /// Durations are those of Go ("1h30m", "500ms"), as Istio reads them.
  bool go_durations = false;
};

/// Fills `out`, an empty message of a generated type, and notes in `marks` where each field stands. On problems
/// the rest is read all the same; use `out` only if problems.ok(). `path` names the root in errors.
void read_message(const Node& root, google::protobuf::Message& out, Marks& marks, Problems& problems,
                  const FieldPath& path = {}, const ReadOptions& options = {});

}  // namespace proa::config
