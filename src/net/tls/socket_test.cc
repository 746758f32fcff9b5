// TLS over real sockets, and the forms that keys come in.
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "net/listen_socket.h"
#include "net/socket_transport.h"
#include "net/tls/openssl.h"
#include "net/tls/test_pair.h"

namespace proa::net::tls {
namespace {

struct TlsSockets : TlsTest, AcceptHandler {
  void on_accept(Fd fd, const Address& remote) override {
    server.take(tls::accept(*SocketTransport::adopt(loop, std::move(fd), remote), context));
  }
  std::shared_ptr<const ServerContext> context = *ServerContext::make(server_options());
  TlsPeer client, server;
};

TEST_F(TlsSockets, the_handshake_starts_while_the_socket_connects) {
  auto acceptor = *Acceptor::make(loop, *listen_on(Address::loopback(Address::Family::kIpv4, 0), {}), *this);
  auto socket = *SocketTransport::connect(loop, acceptor->local(), {});
  client.take(tls::connect(std::move(socket), *ClientContext::make(client_options())));
  ASSERT_TRUE(loop.run_until([&] { return client.connected && server.connected; }));
  EXPECT_EQ(client.transport->info().local, server.transport->info().remote);
  std::string big(1 << 20, 'x');
  client.write(big);
  ASSERT_TRUE(loop.run_until([&] { return server.bytes.size() == big.size(); }));
  server.transport->close();
  ASSERT_TRUE(loop.run_until([&] { return client.last == IoResult::State::kEof; }));
}

TEST_F(TlsSockets, a_refused_connect_is_told_as_its_own) {
  Address nobody;
  {
    auto fd = bind_socket(Address::loopback(Address::Family::kIpv4, 0), {});
    nobody = local_address(fd->get());
  }
  client.take(tls::connect(*SocketTransport::connect(loop, nobody, {}), *ClientContext::make(client_options())));
  ASSERT_TRUE(loop.run_until([&] { return !client.failure.empty(); }));
  EXPECT_EQ(client.failure, "delayed connect error: Connection refused");
  EXPECT_TRUE(client.transport->counters().has(Counter::kConnectionError));
}

TEST_F(TlsSockets, keys_may_be_encrypted_or_in_a_bundle) {
  auto leaf = std::move(read_pem_certificates(server_certificate().chain_pem)[0]);
  BioPtr in = read_bio(server_certificate().key_pem);
  KeyPtr key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
  auto text = [](BIO* bio) {
    char* data = nullptr;
    long size = BIO_get_mem_data(bio, &data);
    return std::string(data, static_cast<size_t>(size));
  };
  BioPtr encrypted(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(encrypted.get(), key.get(), EVP_aes_256_cbc(), "secret", 6, nullptr, nullptr);
  auto options = server_options();
  options.certificates[0].key_pem = text(encrypted.get());
  EXPECT_FALSE(ServerContext::make(options).has_value());
  options.certificates[0].password = "secret";
  EXPECT_TRUE(ServerContext::make(options).has_value());

  std::unique_ptr<PKCS12, Freer<PKCS12_free>> bundle(
      PKCS12_create("secret", "name", key.get(), leaf.get(), nullptr, 0, 0, 0, 0, 0));
  BioPtr out(BIO_new(BIO_s_mem()));
  i2d_PKCS12_bio(out.get(), bundle.get());
  options.certificates = {{.pkcs12 = text(out.get()), .password = "secret"}};
  auto& pair = connect(options, client_options());
  EXPECT_TRUE(pair.finished()) << pair.why();
  options.certificates[0].password = "wrong";
  EXPECT_FALSE(ServerContext::make(options).has_value());
}

}  // namespace
}  // namespace proa::net::tls
