// Health check by grpc.health.v1.Health/Check.
#pragma once

#include "grpc/unary.h"
#include "upstream/check_connection.h"

namespace proa::upstream {

class GrpcProbe final : public Probe {
 public:
  explicit GrpcProbe(HostCheck& check) : check_(check), connection_(check, true), call_(connection_) {}
  void start() override;
  void cancel() override;

 private:
  void on_done(const grpc::CallStatus& status, std::string_view response);

  HostCheck& check_;
  CheckConnection connection_;
  grpc::UnaryCall call_;
};

}  // namespace proa::upstream
