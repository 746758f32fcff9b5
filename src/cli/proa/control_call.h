// One question to a control plane that runs, for commands.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "grpc/status.h"

namespace proa::cli {

struct ControlAddress {
  std::string at{};             ///< HOST:PORT or the path of a Unix socket
  std::string identity_file{};  ///< mesh/agent/identity's; empty: clear text
  std::string name{};           ///< DNS name that the control plane's certificate must have
};

/// Gives the answer's bytes, or how the call failed; with UNAVAILABLE the message names the address.
std::expected<std::string, grpc::CallStatus> ask_control(const ControlAddress& control, std::string_view method,
                                                         std::string_view request,
                                                         Milliseconds timeout = Milliseconds(10'000));

/// A message of a stream; false: enough.
using ControlEvent = std::function<bool(std::string_view message)>;

/// The same for a stream of answers, without a limit of time. How it ended: OK also when there was enough.
grpc::CallStatus watch_control(const ControlAddress& control, std::string_view method, std::string_view request,
                               const ControlEvent& on_event);

}  // namespace proa::cli
