#include "mesh/model/service.h"

#include <algorithm>
#include <array>
#include <utility>

namespace proa::mesh {

namespace {

constexpr std::array<std::pair<std::string_view, Protocol>, 14> kNames = {{
    {"UnsupportedProtocol", Protocol::automatic},
    {"HTTP", Protocol::http},
    {"HTTP2", Protocol::http2},
    {"HTTPS", Protocol::https},
    {"GRPC", Protocol::grpc},
    {"GRPC-Web", Protocol::grpc_web},
    {"TLS", Protocol::tls},
    {"TCP", Protocol::tcp},
    {"UDP", Protocol::udp},
    {"Mongo", Protocol::mongo},
    {"Redis", Protocol::redis},
    {"MySQL", Protocol::mysql},
    {"HBONE", Protocol::hbone},
    {"HTTP_PROXY", Protocol::http_proxy},
}};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_without_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

/// What Kubernetes has standard names for, beside those of Istio.
Protocol of_app_protocol(std::string_view name) {
  if (name == "kubernetes.io/h2c") return Protocol::http2;
  if (name == "kubernetes.io/ws") return Protocol::http;
  if (name == "kubernetes.io/wss") return Protocol::https;
  return protocol_named(name);
}

bool server_first(std::uint32_t port) { return port == 25 || port == 53 || port == 3306 || port == 27017; }

}  // namespace

Protocol protocol_named(std::string_view name) {
  for (const auto& [known, protocol] : kNames) {
    if (protocol != Protocol::hbone && equal_without_case(name, known)) return protocol;
  }
  return Protocol::automatic;
}

std::string_view name_of(Protocol protocol) {
  return std::ranges::find(kNames, protocol, &std::pair<std::string_view, Protocol>::second)->first;
}

Protocol protocol_of(std::string_view app_protocol, std::string_view port_name, std::uint32_t port,
                     std::string_view transport) {
  if (transport == "UDP") return Protocol::udp;
  if (!app_protocol.empty()) {
    const Protocol protocol = of_app_protocol(app_protocol);
    if (protocol != Protocol::automatic) return protocol;
  }
  // "grpc-web" itself has a '-'.
  const std::string_view front = equal_without_case(port_name.substr(0, 8), "grpc-web")
                                     ? port_name.substr(0, 8)
                                     : port_name.substr(0, port_name.find('-'));
  const Protocol protocol = protocol_named(front);
  if (protocol == Protocol::udp) return Protocol::automatic;  // the port is TCP, whatever its name
  if (protocol == Protocol::automatic && server_first(port)) return Protocol::tcp;
  return protocol;
}

bool is_http(Protocol p) {
  return p == Protocol::http || p == Protocol::http2 || p == Protocol::grpc || p == Protocol::grpc_web ||
         p == Protocol::http_proxy;
}
bool is_http2(Protocol p) { return p == Protocol::http2 || p == Protocol::grpc || p == Protocol::grpc_web; }
bool is_tls(Protocol p) { return p == Protocol::https || p == Protocol::tls; }
bool is_tcp(Protocol p) {
  return p == Protocol::tcp || is_tls(p) || p == Protocol::mongo || p == Protocol::redis || p == Protocol::mysql;
}

const ServicePort* Service::port(std::uint32_t number) const {
  const auto found = std::ranges::find(ports, number, &ServicePort::number);
  return found == ports.end() ? nullptr : &*found;
}

}  // namespace proa::mesh
