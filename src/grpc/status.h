// How a call ended.
#pragma once

#include <string>

#include "http/grpc_status.h"

namespace proa::grpc {

using Code = http::GrpcStatus;

struct CallStatus {
  Code code = Code::kOk;
  std::string message;
  bool ok() const { return code == Code::kOk; }
};

}  // namespace proa::grpc
