// redact: configurations as operators may see them: secrets withheld, Any resolved.
#pragma once

#include <string>

#include "base/result.h"

namespace google::protobuf {
class Message;
}

namespace proa::config {

/// Replaces every secret (is_sensitive(), and all within such a field) by "[redacted]"; numbers and booleans of a
/// secret are cleared. Goes through Any; an Any or a TypedStruct of a type that is not linked may hold anything,
/// so its content is withheld as a whole.
void redact(google::protobuf::Message& message);

/// JSON with the field names of the .proto files and Any resolved, in lines or in one. An Any of a type that is not
/// linked becomes {"@type": "type.googleapis.com/google.protobuf.Struct", "value": {"unknown_type": ..}}.
Result<std::string> to_json(const google::protobuf::Message& message, bool lines = true);

}  // namespace proa::config
