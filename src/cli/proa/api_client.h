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

/// --api, --identity and --control-name, or the variables PROA_API and PROA_IDENTITY.
void add_api_options(CLI::App& app, ControlAddress& control);

/// OK, or why nothing is sent there: only over a Unix socket, or TLS, is it clear who asks and who answers.
grpc::CallStatus may_ask(const ControlAddress& control);

/// "List", "Apply", ...
template <class Response, class Request>
std::expected<Response, grpc::CallStatus> call_api(const ControlAddress& control, const std::string& method,
                                                   const Request& request,
                                                   Milliseconds timeout = Milliseconds(10'000)) {
  if (grpc::CallStatus may = may_ask(control); !may.ok()) return std::unexpected(std::move(may));
  auto bytes = ask_control(control, "/proa.api.v1.Objects/" + method, request.SerializeAsString(), timeout);
  if (!bytes) return std::unexpected(bytes.error());
  Response response;
  if (response.ParseFromString(*bytes)) return response;
  return std::unexpected(
      grpc::CallStatus{grpc::Code::kInternal, control.at + ": the answer is no " + response.GetTypeName()});
}

/// To stderr, with what to do where nobody listens. Returns kExitFailed.
int complain(const ControlAddress& control, const grpc::CallStatus& status);

/// "virtualservice.networking.istio.io/reviews".
std::string shown(const api::Name& name);

}  // namespace proa::cli
