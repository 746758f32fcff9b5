#include "cli/proa/control_call.h"

#include <fmt/format.h>

#include "grpc/channel.h"
#include "grpc/unary.h"
#include "net/socket_transport.h"

namespace proa::cli {

namespace {

using grpc::CallStatus;
using grpc::Code;

constexpr Milliseconds kTimeout{10'000};
constexpr size_t kMaxAnswer = size_t{1} << 30;

std::unexpected<CallStatus> unavailable(const std::string& at, const std::string& why) {
  return std::unexpected(CallStatus{Code::kUnavailable, fmt::format("{}: {}", at, why)});
}

}  // namespace

std::expected<std::string, CallStatus> ask_control(const std::string& at, std::string_view method,
                                                   std::string_view request) {
  auto address = at.starts_with('/') || at.starts_with('@') ? net::Address::unix_path(at) : net::Address::parse(at);
  if (!address) return unavailable(at, address.error().message);
  net::Loop loop;
  auto socket = net::SocketTransport::connect(loop, *address, {.timeout = kTimeout});
  if (!socket) return unavailable(at, socket.error().message);
  std::expected<std::string, CallStatus> out = unavailable(at, "no answer in time");
  {
    grpc::Channel channel(std::move(*socket));
    grpc::CallOptions options;
    options.authority = "proa";
    options.path = method;
    options.timeout = kTimeout;
    options.max_message = kMaxAnswer;
    grpc::UnaryCall call(channel);
    bool done = false;
    call.start(options, request, [&](const CallStatus& status, std::string_view bytes) {
      done = true;
      if (status.ok()) {
        out = std::string(bytes);
      } else if (status.code == Code::kUnavailable) {
        out = unavailable(at, status.message);
      } else {
        out = std::unexpected(status);
      }
    });
    const MonoTime end = loop.now() + 2 * kTimeout;
    while (!done && loop.now() < end) loop.run_once(Milliseconds(1000));
    call.cancel();
  }
  loop.run_once(Milliseconds(0));  // the connection closes
  return out;
}

}  // namespace proa::cli
