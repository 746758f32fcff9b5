#include "cli/proa/control_check.h"

#include <fmt/format.h>
#include <netdb.h>

#include <memory>
#include <optional>

#include "cli/proa/sidecar_options.h"
#include "net/loop.h"
#include "net/private_file.h"
#include "net/socket_transport.h"
#include "net/tls/client_context.h"
#include "net/tls/transport.h"

namespace proa::cli {

namespace {

using Level = redirect::Finding::Level;

constexpr Milliseconds kTimeout{5'000};

Result<net::Address> resolved(const std::string& host, uint16_t port) {
  if (auto literal = net::Address::parse_ip(host, port)) return literal;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (code != 0) return fail(fmt::format("{} has no address: {}", host, ::gai_strerror(code)));
  const net::Address out = net::Address::from_sockaddr(found->ai_addr, found->ai_addrlen).with_port(port);
  ::freeaddrinfo(found);
  return out;
}

struct Handshake final : net::TransportObserver {
  void on_connected() override { done = ""; }
  void on_connect_failed(std::string reason) override { done = std::move(reason); }
  void on_readable() override {}
  void on_writable() override {}
  std::optional<std::string> done;  ///< empty: it is well
};

/// Empty, or why there is no connection by TLS.
std::string handshake(const net::Address& address, const std::shared_ptr<const net::tls::ClientContext>& context,
                      const std::string& name) {
  net::Loop loop;
  Handshake observer;
  {
    auto socket = net::SocketTransport::connect(loop, address, {.timeout = kTimeout});
    if (!socket) return socket.error().message;
    auto transport = net::tls::connect(std::move(*socket), context, {.sni = name});
    transport->observe(&observer);
    const MonoTime end = loop.now() + 2 * kTimeout;
    while (!observer.done && loop.now() < end) loop.run_once(Milliseconds(100));
    transport->close();
    loop.defer_delete(std::move(transport));
  }
  loop.run_once(Milliseconds(0));
  return observer.done.value_or("no answer in time");
}

}  // namespace

void check_control(const std::string& at, const std::string& root_file, const std::string& name, Findings& out) {
  const auto bad = [&](const std::string& what, std::string fix) {
    out.push_back({Level::bad, fmt::format("control plane {}: {}", at, what), std::move(fix)});
  };
  const auto place = split_host_port(at);
  if (!place) return bad(place.error().message, "--control HOST:PORT");
  const auto address = resolved(place->first, place->second);
  if (!address) return bad(address.error().message, "name it in the DNS or in /etc/hosts, or give its address");
  auto roots = net::read_file(root_file);
  if (!roots || !*roots) {
    return bad(roots ? "there is no " + root_file : roots.error().message,
               "copy root-cert.pem of the control plane's --ca to this host: --root FILE");
  }
  net::tls::ClientTlsOptions options;
  options.alpn = {"h2"};
  options.sni = name;
  options.max_session_keys = 0;
  options.validation.ca_pem = std::move(**roots);
  options.validation.sans.push_back({.type = net::tls::SanMatcher::Type::kDns, .value = name});
  auto context = net::tls::ClientContext::make(options);
  if (!context)
    return bad(fmt::format("{}: {}", root_file, context.error().message), "give a PEM file of certificates");
  const std::string why = handshake(*address, *context, name);
  if (why.empty()) {
    out.push_back({Level::good, fmt::format("control plane {} answers, as {}", at, name)});
    return;
  }
  bad(why, fmt::format(
               "is it running (proa control --ca DIR --secure-xds {}), is the way to it open, is {} its root, and {} a "
               "name of its certificate (--control-name)?",
               at, root_file, name));
}

}  // namespace proa::cli
