// inbound_inspectors: the listener filters that read first bytes, at those ports only whose chains ask for it: a server
// that speaks first must not be waited for.
#pragma once

#include "envoy/config/listener/v3/listener.pb.h"

namespace proa::mesh {

/// Of a listener that has its filter chains.
void add_inspectors(envoy::config::listener::v3::Listener& listener);

}  // namespace proa::mesh
