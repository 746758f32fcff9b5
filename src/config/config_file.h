// config_file: the configuration a program starts with: a file by its ending, and text given on the command line.
#pragma once

#include <string>

#include "config/field_path.h"
#include "config/problems.h"

namespace google::protobuf {
class Message;
}

namespace proa::config {

struct ConfigSource {
  std::string file;  ///< -c: .yaml, .yml, .json, .pb (binary) or .pb_text (text format); may be empty
  std::string yaml;  ///< --config-yaml: YAML or JSON, merged over the file; may be empty
  bool unknown_fields_are_warnings = false;  ///< --allow-unknown-static-fields
};

/// Fills `out`, an empty message of a generated type. Look at problems.ok() before using it. Neither the text nor
/// the tree outlives the call; message and marks are the caller's to free once compiled.
void read_config(const ConfigSource& source, google::protobuf::Message& out, Marks& marks, Problems& problems);

}  // namespace proa::config
