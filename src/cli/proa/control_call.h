// One question to a control plane that runs, for commands.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "grpc/status.h"

namespace proa::cli {

/// `at`: HOST:PORT or the path of a Unix socket. Gives the answer's bytes, or how the call failed; with UNAVAILABLE the
/// message names `at`.
std::expected<std::string, grpc::CallStatus> ask_control(const std::string& at, std::string_view method,
                                                         std::string_view request);

}  // namespace proa::cli
