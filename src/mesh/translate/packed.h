// packed: a message as an Any whose bytes equal messages share, so that a resource changes only when its content does.
#pragma once

#include <google/protobuf/any.pb.h>

#include "config/stable_bytes.h"

namespace proa::mesh {

/// Any's own PackFrom() lists the entries of a map in any order.
inline google::protobuf::Any packed(const google::protobuf::Message& message) {
  google::protobuf::Any out;
  out.set_type_url("type.googleapis.com/" + message.GetTypeName());
  out.set_value(config::stable_bytes(message));
  return out;
}

}  // namespace proa::mesh
