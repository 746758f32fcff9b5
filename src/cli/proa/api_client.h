// What the commands on objects have in common: where the control plane's API is, and one call of it.
#pragma once

#include <expected>
#include <string>

#include "cli/proa/control_call.h"
#include "mesh/api/names.h"

namespace CLI {
class App;
}

namespace proa::cli {

namespace api = proa::api::v1;

/// The Unix socket on which `proa control --store` serves unless told otherwise: the user's own.
std::string default_api_socket();

/// --api PATH, or the variable PROA_API.
void add_api_option(CLI::App& app, std::string& socket);

/// "List", "Apply", ...
template <class Response, class Request>
std::expected<Response, grpc::CallStatus> call_api(const std::string& socket, const std::string& method,
                                                   const Request& request) {
  auto bytes = ask_control(socket, "/proa.api.v1.Objects/" + method, request.SerializeAsString());
  if (!bytes) return std::unexpected(bytes.error());
  Response response;
  if (response.ParseFromString(*bytes)) return response;
  return std::unexpected(
      grpc::CallStatus{grpc::Code::kInternal, socket + ": the answer is no " + response.GetTypeName()});
}

/// To stderr, with what to do where nobody listens. Returns kExitFailed.
int complain(const std::string& socket, const grpc::CallStatus& status);

/// "virtualservice.networking.istio.io/reviews".
std::string shown(const api::Name& name);

}  // namespace proa::cli
