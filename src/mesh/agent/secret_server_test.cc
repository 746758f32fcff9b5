// What the proxy gets on the agent's socket, by both protocols of the secret discovery service.
#include "mesh/agent/secret_server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"
#include "envoy/service/discovery/v3/discovery.pb.h"
#include "grpc/channel.h"
#include "mesh/agent/test_authority.h"
#include "net/socket_transport.h"
#include "net/test_loop.h"
#include "net/tls/issuer.h"

namespace proa::mesh {
namespace {

namespace dv3 = envoy::service::discovery::v3;
using envoy::extensions::transport_sockets::tls::v3::Secret;

class Client final : public grpc::CallObserver {
 public:
  Client(net::Loop& loop, const std::string& socket, bool delta)
      : delta_(delta),
        channel_(*net::SocketTransport::connect(loop, *net::Address::unix_path(socket), {})),
        call_(channel_, *this) {
    grpc::CallOptions options;
    options.authority = "sds";
    options.path = delta ? "/envoy.service.secret.v3.SecretDiscoveryService/DeltaSecrets"
                         : "/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets";
    call_.start(options);
  }
  void ask(const std::vector<std::string>& names) {
    if (delta_) {
      dv3::DeltaDiscoveryRequest request;
      request.mutable_node()->set_id("proxy");
      for (const std::string& name : names) request.add_resource_names_subscribe(name);
      return call_.send(request.SerializeAsString(), false);
    }
    dv3::DiscoveryRequest request;
    request.mutable_node()->set_id("proxy");
    for (const std::string& name : names) request.add_resource_names(name);
    call_.send(request.SerializeAsString(), false);
  }

  std::vector<Secret> secrets;

 private:
  void on_message(std::string_view bytes) override {
    const std::string text(bytes);
    if (delta_) {
      dv3::DeltaDiscoveryResponse response;
      ASSERT_TRUE(response.ParseFromString(text));
      for (const auto& each : response.resources()) each.resource().UnpackTo(&secrets.emplace_back());
      dv3::DeltaDiscoveryRequest ack;
      ack.set_response_nonce(response.nonce());
      return call_.send(ack.SerializeAsString(), false);
    }
    dv3::DiscoveryResponse response;
    ASSERT_TRUE(response.ParseFromString(text));
    for (const auto& each : response.resources()) each.UnpackTo(&secrets.emplace_back());
    dv3::DiscoveryRequest ack;
    ack.set_response_nonce(response.nonce());
    ack.set_version_info(response.version_info());
    for (const auto& each : secrets) ack.add_resource_names(each.name());
    call_.send(ack.SerializeAsString(), false);
  }
  void on_finished(const grpc::CallStatus&, const http::HeaderList*) override {}

  const bool delta_;
  grpc::Channel channel_;
  grpc::Call call_;
};

class Secrets : public testing::TestWithParam<bool> {
 protected:
  bool wait(const Client& client, size_t count) {
    return loop.run_until([&] { return client.secrets.size() >= count; }, 20'000);
  }
  static Identity identity(const std::string& chain) {
    return {.id = {"cluster.local", "shop", "cart"},
            .chain_pem = chain,
            .key_pem = "key of " + chain,
            .roots_pem = "roots"};
  }
  Secrets() : directory(TestAuthority::make_directory()) {}
  ~Secrets() override {
    loop.settle();
    std::filesystem::remove_all(directory);
  }

  net::TestLoop loop;
  const std::string directory;
};
INSTANTIATE_TEST_SUITE_P(Protocols, Secrets, testing::Bool());

TEST_P(Secrets, wait_for_the_identity_and_follow_its_rotation) {
  SecretServer server(loop);
  const std::string socket = directory + "/sds";
  ASSERT_TRUE(server.listen(socket));
  struct stat info;
  ASSERT_EQ(::stat(socket.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
  {
    Client client(loop, socket, GetParam());
    client.ask({"default", "ROOTCA"});
    loop.settle(200);
    EXPECT_TRUE(client.secrets.empty());
    server.publish(identity("first"));
    ASSERT_TRUE(wait(client, 2));
    const bool own_first = client.secrets[0].has_tls_certificate();
    const Secret &own = client.secrets[own_first ? 0 : 1], &roots = client.secrets[own_first ? 1 : 0];
    EXPECT_EQ(own.name(), "default");
    EXPECT_EQ(own.tls_certificate().certificate_chain().inline_bytes(), "first");
    EXPECT_EQ(own.tls_certificate().private_key().inline_bytes(), "key of first");
    EXPECT_EQ(roots.name(), "ROOTCA");
    EXPECT_EQ(roots.validation_context().trusted_ca().inline_bytes(), "roots");
    server.publish(identity("second"));
    ASSERT_TRUE(wait(client, 3));
    loop.settle(200);
    EXPECT_EQ(client.secrets.back().tls_certificate().certificate_chain().inline_bytes(), "second");
    EXPECT_EQ(client.secrets.size(), 3u) << "the roots are the same";
  }
  loop.settle();
}

TEST_P(Secrets, files_are_read_when_they_are_asked_for) {
  SecretServer server(loop);
  const std::string socket = directory + "/sds", file = directory + "/root.pem";
  ASSERT_TRUE(server.listen(socket));
  server.publish(identity("first"));
  ASSERT_TRUE(net::write_file(file, net::tls::Issuer::make_root("root")->certificate_pem(), 0644));
  {
    Client client(loop, socket, GetParam());
    client.ask({"file-root:" + file, "file-root:" + directory + "/missing"});
    ASSERT_TRUE(wait(client, 1));
    EXPECT_EQ(client.secrets[0].name(), "file-root:" + file);
    EXPECT_TRUE(client.secrets[0].has_validation_context());
  }
  loop.settle();
}

TEST_P(Secrets, what_nobody_has_is_not_given) {
  SecretServer server(loop);
  const std::string socket = directory + "/sds";
  ASSERT_TRUE(server.listen(socket));
  server.publish(identity("first"));
  {
    Client client(loop, socket, GetParam());
    client.ask({"kubernetes://other"});
    loop.settle(500);
    EXPECT_TRUE(client.secrets.empty());
  }
  loop.settle();
}

}  // namespace
}  // namespace proa::mesh
