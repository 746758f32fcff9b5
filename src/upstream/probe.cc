#include "upstream/tcp_probe.h"

namespace proa::upstream {

std::unique_ptr<Probe> make_probe(HostCheck& check) { return std::make_unique<TcpProbe>(check); }

}  // namespace proa::upstream
