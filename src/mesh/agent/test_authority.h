// An authority with its service over TLS on loopback, as `proa control` has it. Only in tests.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "grpc/server.h"
#include "mesh/ca/certificate_service.h"
#include "net/private_file.h"
#include "net/tls/server_context.h"

namespace proa::mesh {

struct TestAuthority {
  explicit TestAuthority(net::Loop& loop) : loop(loop), directory(make_directory()), tokens(directory + "/tokens") {
    authority = std::make_unique<Authority>(*Authority::open({.directory = directory + "/ca"}, loop.wall_now()));
    add_certificate_service(services, *authority, tokens);
    start();
  }
  ~TestAuthority() {
    stop();
    std::filesystem::remove_all(directory);
  }

  /// On the port that it had before, if any.
  void start() {
    net::tls::ServerTlsOptions options;
    options.alpn = {"h2"};
    auto own = authority->issue_for_server({name}, {"cluster.local", "proa-system", "proa"}, loop.wall_now());
    net::tls::CertificateOptions certificate;
    certificate.chain_pem = own->certificate_pem;
    certificate.key_pem = own->key_pem;
    options.certificates.push_back(certificate);
    options.validation.ca_pem = authority->roots_pem();
    auto slot = std::make_shared<net::tls::ServerSlot>(*net::tls::ServerContext::make(options));
    server = std::make_unique<grpc::Server>(loop, services);
    auto bound = server->listen({.address = address, .tls = slot});
    ASSERT_TRUE(bound) << bound.error().message;
    address = *bound;
  }
  void stop() { server.reset(); }

  std::string token(const std::string& account) {
    return *tokens.create({"cluster.local", "shop", account}, std::chrono::seconds(60), loop.wall_now());
  }
  std::string write(const std::string& file, const std::string& text) {
    EXPECT_TRUE(net::write_file(directory + "/" + file, text, 0600));
    return directory + "/" + file;
  }
  static std::string make_directory() {
    char path[] = "/tmp/proa-agent-XXXXXX";
    return ::mkdtemp(path);
  }

  net::Loop& loop;
  const std::string directory;
  const std::string name = "istiod.istio-system.svc";
  JoinTokens tokens;
  std::unique_ptr<Authority> authority;
  grpc::Services services;
  net::Address address = net::Address::loopback(net::Address::Family::kIpv4, 0);
  std::unique_ptr<grpc::Server> server;
};

}  // namespace proa::mesh
