#include "cli/proa/control_call.h"

#include <fmt/format.h>

#include "base/result.h"
#include "grpc/channel.h"
#include "grpc/unary.h"
#include "mesh/agent/identity.h"
#include "net/socket_transport.h"
#include "net/tls/client_context.h"
#include "net/tls/transport.h"

namespace proa::cli {

namespace {

using grpc::CallStatus;
using grpc::Code;

constexpr Milliseconds kTimeout{10'000};
constexpr size_t kMaxAnswer = size_t{1} << 30;

std::unexpected<CallStatus> unavailable(const std::string& at, const std::string& why) {
  return std::unexpected(CallStatus{Code::kUnavailable, fmt::format("{}: {}", at, why)});
}

Result<std::shared_ptr<const net::tls::ClientContext>> context_of(const ControlAddress& control) {
  auto identity = mesh::read_identity(control.identity_file, std::chrono::system_clock::now());
  if (!identity) return std::unexpected(identity.error());
  if (!*identity) return fail(fmt::format("there is no {}", control.identity_file));
  net::tls::ClientTlsOptions options;
  options.alpn = {"h2"};
  options.sni = control.name;
  options.max_session_keys = 0;
  options.validation.ca_pem = (*identity)->roots_pem;
  options.validation.sans.push_back({.type = net::tls::SanMatcher::Type::kDns, .value = control.name});
  net::tls::CertificateOptions certificate;
  certificate.chain_pem = (*identity)->chain_pem;
  certificate.key_pem = (*identity)->key_pem;
  options.certificates.push_back(std::move(certificate));
  return net::tls::ClientContext::make(options);
}

Result<std::unique_ptr<net::Transport>> connect(net::Loop& loop, const net::Address& address,
                                                const ControlAddress& control) {
  std::shared_ptr<const net::tls::ClientContext> context;
  if (!control.identity_file.empty()) {
    auto made = context_of(control);
    if (!made) return std::unexpected(made.error());
    context = std::move(*made);
  }
  auto socket = net::SocketTransport::connect(loop, address, {.timeout = kTimeout});
  if (!socket) return std::unexpected(socket.error());
  if (!context) return std::unique_ptr<net::Transport>(std::move(*socket));
  return net::tls::connect(std::move(*socket), context, {.sni = control.name});
}

}  // namespace

std::expected<std::string, CallStatus> ask_control(const ControlAddress& control, std::string_view method,
                                                   std::string_view request) {
  const std::string& at = control.at;
  auto address = at.starts_with('/') || at.starts_with('@') ? net::Address::unix_path(at) : net::Address::parse(at);
  if (!address) return unavailable(at, address.error().message);
  net::Loop loop;
  auto transport = connect(loop, *address, control);
  if (!transport) return unavailable(at, transport.error().message);
  std::expected<std::string, CallStatus> out = unavailable(at, "no answer in time");
  {
    grpc::Channel channel(std::move(*transport));
    grpc::CallOptions options;
    options.authority = control.name.empty() ? std::string_view("proa") : control.name;
    options.scheme = control.identity_file.empty() ? "http" : "https";
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
