#include "upstream/grpc_probe.h"
#include "upstream/http_probe.h"
#include "upstream/tcp_probe.h"

namespace proa::upstream {

std::unique_ptr<Probe> make_probe(HostCheck& check) {
  switch (check.spec().kind) {
    case HealthCheckSpec::Kind::kHttp: return std::make_unique<HttpProbe>(check);
    case HealthCheckSpec::Kind::kGrpc: return std::make_unique<GrpcProbe>(check);
    case HealthCheckSpec::Kind::kTcp: break;
  }
  return std::make_unique<TcpProbe>(check);
}

}  // namespace proa::upstream
