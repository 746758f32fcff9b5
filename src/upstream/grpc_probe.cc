#include "upstream/grpc_probe.h"

#include "grpc/health.h"

namespace proa::upstream {

void GrpcProbe::start() {
  const HealthCheckSpec& spec = check_.spec();
  std::string authority = check_.host_name();
  grpc::CallOptions options;
  options.authority = authority;
  options.path = grpc::kHealthCheckPath;
  options.scheme = check_.cluster().socket_for(check_.host()).tls ? "https" : "http";
  options.timeout = spec.timeout;
  options.metadata = spec.headers_to_add;
  options.metadata.emplace_back("user-agent", "Envoy/HC");
  call_.start(options, grpc::encode_health_request(spec.service),
              [this](const grpc::CallStatus& status, std::string_view response) { on_done(status, response); });
}

void GrpcProbe::cancel() {
  call_.cancel();
  connection_.drop();
}

void GrpcProbe::on_done(const grpc::CallStatus& status, std::string_view response) {
  if (!check_.spec().reuse_connection) connection_.drop();
  if (!status.ok()) {
    // Without an answer of the service it is the network; NOT_FOUND means the service is not known there.
    bool network = status.code == grpc::Code::kUnavailable || status.code == grpc::Code::kCancelled;
    return check_.result(network ? ProbeResult::kNetwork : ProbeResult::kFailNow,
                         std::string(http::to_string(status.code)) + ": " + status.message);
  }
  auto serving = grpc::decode_health_response(response);
  if (serving == grpc::ServingStatus::kServing) return check_.result(ProbeResult::kPass, "");
  check_.result(ProbeResult::kFailNow, serving ? "not serving" : "malformed response");
}

}  // namespace proa::upstream
