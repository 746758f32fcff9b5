// Layer 4 filters that are not terminal.
#pragma once

#include <memory>

#include "config/compiler.h"
#include "filters/network_filter.h"

namespace google::protobuf {
class Message;
}

namespace proa::config {

class SupportedTable;

/// Null after a problem (a type that is not known has been named by check_supported).
std::shared_ptr<const filters::NetworkFilter> compile_network_filter(const google::protobuf::Message& from,
                                                                     const Site& at, Compiler& compiler);

void add_network_filter_fields(SupportedTable& table);

}  // namespace proa::config
