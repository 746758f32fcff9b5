// reference: the page of the documentation that says of every field whether Proa implements it, made from the same
// table that refuses the others.
#pragma once

#include <string>

namespace google::protobuf {
class Descriptor;
}

namespace proa::config {

class SupportedTable;

/// Appends Markdown: a table of fields for each type of `table` (those reachable from `root` first, in the order a
/// reader meets them, then extensions by name), and a list of the types reachable from them that are unsupported
/// as a whole.
void write_reference(const SupportedTable& table, const google::protobuf::Descriptor& root, std::string& out);

}  // namespace proa::config
