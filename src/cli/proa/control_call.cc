#include "cli/proa/control_call.h"

#include <fmt/format.h>

#include <memory>
#include <optional>

#include "base/result.h"
#include "grpc/call.h"
#include "grpc/channel.h"
#include "mesh/agent/identity.h"
#include "net/socket_transport.h"
#include "net/tls/client_context.h"
#include "net/tls/transport.h"

namespace proa::cli {

namespace {

using grpc::CallStatus;
using grpc::Code;

constexpr Milliseconds kConnectTimeout{10'000};
constexpr size_t kMaxAnswer = size_t{1} << 30;

CallStatus unavailable(const std::string& at, const std::string& why) {
  return {Code::kUnavailable, fmt::format("{}: {}", at, why)};
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
  auto socket = net::SocketTransport::connect(loop, address, {.timeout = kConnectTimeout});
  if (!socket) return std::unexpected(socket.error());
  if (!context) return std::unique_ptr<net::Transport>(std::move(*socket));
  return net::tls::connect(std::move(*socket), context, {.sni = control.name});
}

class Listener final : public grpc::CallObserver {
 public:
  explicit Listener(const ControlEvent& on_event) : on_event_(on_event) {}
  const std::optional<CallStatus>& ended() const { return ended_; }

 private:
  void on_message(std::string_view bytes) override {
    if (!ended_ && !on_event_(bytes)) ended_ = CallStatus{};
  }
  void on_finished(const CallStatus& status, const http::HeaderList*) override {
    if (!ended_) ended_ = status;
  }

  const ControlEvent& on_event_;
  std::optional<CallStatus> ended_;
};

CallStatus call_control(const ControlAddress& control, std::string_view method, std::string_view request,
                        Milliseconds timeout, const ControlEvent& on_event) {
  const std::string& at = control.at;
  auto address = at.starts_with('/') || at.starts_with('@') ? net::Address::unix_path(at) : net::Address::parse(at);
  if (!address) return unavailable(at, address.error().message);
  net::Loop loop;
  auto transport = connect(loop, *address, control);
  if (!transport) return unavailable(at, transport.error().message);
  Listener listener(on_event);
  {
    grpc::Channel channel(std::move(*transport));
    grpc::CallOptions options;
    options.authority = control.name.empty() ? std::string_view("proa") : control.name;
    options.scheme = control.identity_file.empty() ? "http" : "https";
    options.path = method;
    options.timeout = timeout;
    options.max_message = kMaxAnswer;
    grpc::Call call(channel, listener);
    call.send(request, true);
    call.start(options);
    const MonoTime end = loop.now() + 2 * timeout;
    while (!listener.ended() && (timeout == kNever || loop.now() < end)) loop.run_once(Milliseconds(1000));
    call.cancel();
  }
  loop.run_once(Milliseconds(0));  // the connection closes
  if (!listener.ended()) return unavailable(at, "no answer in time");
  if (listener.ended()->code == Code::kUnavailable) return unavailable(at, listener.ended()->message);
  return *listener.ended();
}

}  // namespace

std::expected<std::string, CallStatus> ask_control(const ControlAddress& control, std::string_view method,
                                                   std::string_view request, Milliseconds timeout) {
  std::string answer;
  const CallStatus status = call_control(control, method, request, timeout, [&](std::string_view bytes) {
    answer = bytes;
    return true;
  });
  if (!status.ok()) return std::unexpected(status);
  return answer;
}

CallStatus watch_control(const ControlAddress& control, std::string_view method, std::string_view request,
                         const ControlEvent& on_event) {
  return call_control(control, method, request, kNever, on_event);
}

}  // namespace proa::cli
