// ListenerFilterChainMatchPredicate: at which destination ports a listener filter is left out.
#pragma once

#include "base/number_ranges.h"
#include "config/site.h"
#include "envoy/config/listener/v3/listener_components.pb.h"

namespace proa::config {

class SupportedTable;

/// The ports at which `from` is true.
NumberRanges compile_port_predicate(const envoy::config::listener::v3::ListenerFilterChainMatchPredicate& from,
                                    const Site& at);

void add_port_predicate_fields(SupportedTable& table);

}  // namespace proa::config
