// typed_payload: what an Any holds: its message, found by type URL among the types linked into the program.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/field_path.h"
#include "config/site.h"

namespace google::protobuf {
class Any;
class Descriptor;
class Message;
}  // namespace google::protobuf

namespace proa::config {

/// "type.googleapis.com/a.b.C" -> "a.b.C".
std::string_view type_name(std::string_view type_url);

/// The linked type of that full name, or null.
const google::protobuf::Descriptor* linked_type(std::string_view full_name);
/// All of them, sorted. Slow and for error messages only.
std::vector<std::string> linked_types();

/// An empty message of a linked type.
std::unique_ptr<google::protobuf::Message> new_message(const google::protobuf::Descriptor& type);

/// udpa.type.v1.TypedStruct or xds.type.v3.TypedStruct: a message spelled as a Struct beside its type URL.
bool is_typed_struct(const google::protobuf::Descriptor& type);

/// The message a TypedStruct stands for. Fails if its type is not linked, or its Struct does not fit the type.
Result<std::unique_ptr<google::protobuf::Message>> unwrap_typed_struct(const google::protobuf::Message& typed_struct);

/// The opened content of an Any.
struct Payload {
  std::unique_ptr<google::protobuf::Message> message;
  bool from_struct = false;  ///< came out of a TypedStruct, whose fields stand under `.value`

  /// The place of the message's fields, given the place of the Any (which must outlive it).
  FieldPath inside(const FieldPath& any) const { return from_struct ? any / "value" : any; }
  Site inside(const Site& any) const { return from_struct ? any / "value" : any; }
};

/// How many Any within one another a walk follows. Each level is parsed anew, without protobuf's own limit of depth,
/// so a few kilobytes of bytes from the network could otherwise exhaust the stack.
inline constexpr int kDeepestAny = 24;

/// Unpacks an Any; a TypedStruct within is unwrapped. Fails, naming the type, if it is not linked or not readable.
Result<Payload> open_any(const google::protobuf::Any& any);
/// The same for a configuration, complaining at `at`: empty after an error.
std::optional<Payload> open_any(const google::protobuf::Any& any, const Site& at);

}  // namespace proa::config
