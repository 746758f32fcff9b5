// What the tests of this folder share: an authority and a pair of TLS transports over memory. Only in tests.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "net/memory_transport.h"
#include "net/test_loop.h"
#include "net/tls/issuer.h"
#include "net/tls/transport.h"

namespace proa::net::tls {

inline San dns_san(std::string value) { return {SanMatcher::Type::kDns, std::move(value), {}}; }
inline San uri_san(std::string value) { return {SanMatcher::Type::kUri, std::move(value), {}}; }

/// One end, with a reader and a writer.
struct TlsPeer : TransportObserver {
  void take(std::unique_ptr<TlsTransport> t) {
    transport = std::move(t);
    transport->observe(this);
  }
  void on_connected() override {
    connected = true;
    if (on_finish) on_finish();
  }
  void on_connect_failed(std::string reason) override { failure = std::move(reason); }
  void on_readable() override {
    char buffer[20000];
    while (!paused) {
      IoResult result = transport->read(buffer, sizeof buffer);
      last = result.state;
      if (!result.ok()) return;
      bytes.append(buffer, result.bytes);
      if (result.drained) return;
    }
  }
  void on_writable() override {
    ++writable;
    flush();
  }
  void write(std::string_view text) {
    pending += text;
    flush();
  }
  void flush() {
    if (pending.empty()) return;
    iovec piece{pending.data(), pending.size()};
    IoResult result = transport->writev(std::span(&piece, 1));
    if (result.ok()) pending.erase(0, result.bytes);
  }
  std::unique_ptr<TlsTransport> transport;
  std::string bytes, failure, pending;
  std::function<void()> on_finish;
  IoResult::State last = IoResult::State::kOk;
  bool connected = false, paused = false;
  int writable = 0;
};

struct TlsPair {
  TlsPeer client, server;
  MemoryTransport* client_wire = nullptr;  // below the transports
  MemoryTransport* server_wire = nullptr;
  bool finished() const { return client.connected && server.connected && client.failure.empty(); }
  std::string why() const { return "client: " + client.failure + ", server: " + server.failure; }
};

struct TlsTest : testing::Test {
  static Issuer& authority() {
    static Issuer issuer = *Issuer::make_root("test root");
    return issuer;
  }
  static CertificateOptions own(const IssueRequest& request, Issuer& by = authority()) {
    Issued issued = *by.issue(request);
    return {.chain_pem = issued.certificate_pem, .key_pem = issued.key_pem};
  }
  static const CertificateOptions& server_certificate() {
    static const CertificateOptions out = own({.common_name = "server", .sans = {dns_san("a.example.com")}});
    return out;
  }
  static const CertificateOptions& client_certificate() {
    static const CertificateOptions out = own({.sans = {uri_san("spiffe://td/ns/a/sa/client")}});
    return out;
  }
  static ServerTlsOptions server_options() {
    ServerTlsOptions out;
    out.certificates = {server_certificate()};
    return out;
  }
  static ClientTlsOptions client_options() {
    ClientTlsOptions out;
    out.sni = "a.example.com";
    out.validation.ca_pem = authority().certificate_pem();
    out.validation.sans = {{.type = SanMatcher::Type::kDns, .value = "a.example.com"}};
    return out;
  }
  /// A server that requires and checks a client certificate, and a client that has one.
  static std::pair<ServerTlsOptions, ClientTlsOptions> mutual_options() {
    auto server = server_options();
    server.require_client_certificate = true;
    server.validation.ca_pem = authority().certificate_pem();
    auto client = client_options();
    client.certificates = {client_certificate()};
    return {server, client};
  }

  /// Does not run yet.
  TlsPair& start(std::shared_ptr<const ServerContext> server, std::shared_ptr<const ClientContext> client,
                 const ConnectOverrides& overrides = {}) {
    auto wires = MemoryTransport::make_pair(loop);
    TlsPair& out = pairs.emplace_back();
    out.client_wire = wires.first.get();
    out.server_wire = wires.second.get();
    out.client.take(tls::connect(std::move(wires.first), std::move(client), overrides));
    out.server.take(tls::accept(std::move(wires.second), std::move(server)));
    return out;
  }
  TlsPair& start(const ServerTlsOptions& server, const ClientTlsOptions& client,
                 const ConnectOverrides& overrides = {}) {
    auto server_context = ServerContext::make(server);
    auto client_context = ClientContext::make(client);
    EXPECT_TRUE(server_context.has_value()) << server_context.error().message;
    EXPECT_TRUE(client_context.has_value()) << client_context.error().message;
    return start(*server_context, *client_context, overrides);
  }
  /// Runs the handshake to its end.
  template <class Server, class Client>
  TlsPair& connect(const Server& server, const Client& client, const ConnectOverrides& overrides = {}) {
    TlsPair& out = start(server, client, overrides);
    loop.settle();
    return out;
  }

  TestLoop loop;
  std::list<TlsPair> pairs;  // observed: they must not move
};

}  // namespace proa::net::tls
