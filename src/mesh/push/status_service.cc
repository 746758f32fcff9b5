#include "mesh/push/status_service.h"

#include <memory>

#include "envoy/service/status/v3/csds.pb.h"

namespace proa::mesh {
namespace {

namespace csds = envoy::service::status::v3;
using envoy::admin::v3::ClientResourceStatus;
using grpc::CallStatus;
using grpc::Code;

void set_time(google::protobuf::Timestamp& out, WallTime time) {
  const auto since = time.time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
  out.set_seconds(seconds.count());
  out.set_nanos(static_cast<int32_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since - seconds).count()));
}

void add_resource(csds::ClientConfig& config, std::string_view type_url, const std::string& name,
                  const ResourceStatus& status) {
  auto& out = *config.add_generic_xds_configs();
  out.set_type_url(std::string(type_url));
  out.set_name(name);
  out.set_version_info(version_text(status.hash));
  set_time(*out.mutable_last_updated(), status.since);
  switch (status.state) {
    case ResourceStatus::State::kSent:
      out.set_config_status(csds::STALE);
      out.set_client_status(ClientResourceStatus::REQUESTED);
      break;
    case ResourceStatus::State::kAcked:
      out.set_config_status(csds::SYNCED);
      out.set_client_status(ClientResourceStatus::ACKED);
      break;
    case ResourceStatus::State::kNacked:
      out.set_config_status(csds::ERROR);
      out.set_client_status(ClientResourceStatus::NACKED);
      out.mutable_error_state()->set_details(status.reason);
      set_time(*out.mutable_error_state()->mutable_last_update_attempt(), status.since);
      break;
  }
}

// What is asked for by name and not there.
void add_missing(csds::ClientConfig& config, std::string_view type_url, const std::string& name) {
  auto& out = *config.add_generic_xds_configs();
  out.set_type_url(std::string(type_url));
  out.set_name(name);
  out.set_config_status(csds::NOT_SENT);
  out.set_client_status(ClientResourceStatus::DOES_NOT_EXIST);
}

CallStatus answer(const grpc::ServerCall& call, PushServer& server, std::string_view bytes, std::string& response) {
  if (call.peer().tls) return {Code::kPermissionDenied, "not over TLS: workloads may not see each other"};
  csds::ClientStatusRequest request;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return {Code::kInvalidArgument, "no ClientStatusRequest"};
  }
  if (request.node_matchers_size() > 0) return {Code::kInvalidArgument, "node_matchers are not supported"};
  csds::ClientStatusResponse out;
  server.for_each([&](const PushStream& stream) {
    csds::ClientConfig& config = *out.add_config();
    *config.mutable_node() = *stream.session().node()->message;
    stream.session().for_each_type([&](std::string_view type_url, const Subscription& subscription) {
      for (const auto& [name, status] : subscription.statuses()) add_resource(config, type_url, name, status);
      for (const std::string& name : subscription.names()) {
        const bool held = subscription.held().contains(name);
        if (!held && !subscription.statuses().contains(name)) add_missing(config, type_url, name);
      }
    });
  });
  response = out.SerializeAsString();
  return {};
}

/// Answers each request of a stream.
class StatusStream final : public grpc::CallHandler {
 public:
  StatusStream(grpc::ServerCall& call, PushServer& server) : call_(call), server_(server) {}
  void on_message(std::string_view message) override {
    std::string response;
    const CallStatus status = answer(call_, server_, message, response);
    if (!status.ok()) return call_.finish(status);
    call_.send(response);
  }
  void on_half_close() override { call_.finish({}); }

 private:
  grpc::ServerCall& call_;
  PushServer& server_;
};

}  // namespace

void add_status_service(grpc::Services& services, PushServer& server) {
  const std::string service = "/envoy.service.status.v3.ClientStatusDiscoveryService/";
  services.add_unary(service + "FetchClientStatus",
                     [&server](grpc::ServerCall& call, std::string_view request, std::string& response) {
                       return answer(call, server, request, response);
                     });
  services.add(service + "StreamClientStatus",
               [&server](grpc::ServerCall& call) { return std::make_unique<StatusStream>(call, server); });
}

}  // namespace proa::mesh
