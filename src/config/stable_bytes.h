// stable_bytes: a message's binary form that equal messages share, so that a reload sees what has changed.
#pragma once

#include <cstdint>
#include <string>

namespace google::protobuf {
class Message;
}

namespace proa::config {

/// Protobuf's own serialization lists the entries of a map in any order; this one sorts them. Within one process.
std::string stable_bytes(const google::protobuf::Message& message);
uint64_t stable_hash(const google::protobuf::Message& message);

}  // namespace proa::config
