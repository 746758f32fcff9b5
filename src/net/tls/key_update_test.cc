// A TLS 1.3 peer may ask for new keys at any time (RFC 8446 section 4.6.3). The answer may find no room, and then what
// is written next has to wait behind it.
#include <gtest/gtest.h>

#include "net/tls/openssl.h"
#include "net/tls/test_pair.h"

namespace proa::net::tls {
namespace {

/// A client by OpenSSL's own functions, for what our transport never does.
class RawClient {
 public:
  explicit RawClient(std::unique_ptr<MemoryTransport> wire)
      : wire_(std::move(wire)), context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_)) {
    SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_);
  }
  ~RawClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  /// True when it is finished; run the loop between two calls.
  bool shake_hands() {
    take();
    const bool finished = SSL_do_handshake(ssl_) == 1;
    give();
    return finished;
  }
  void ask_for_new_keys() {
    ASSERT_EQ(SSL_key_update(ssl_, SSL_KEY_UPDATE_REQUESTED), 1);
    ASSERT_EQ(SSL_do_handshake(ssl_), 1);
    give();
  }
  std::string read() {
    take();
    std::string out(1000, '\0');
    size_t size = 0;
    if (SSL_read_ex(ssl_, out.data(), out.size(), &size) != 1) size = 0;
    out.resize(size);
    return out;
  }

 private:
  void take() {
    const std::string bytes = wire_->receive();
    BIO_write(SSL_get_rbio(ssl_), bytes.data(), static_cast<int>(bytes.size()));
  }
  void give() {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(ssl_), &bytes);
    wire_->send({bytes, static_cast<size_t>(size)});
    (void)BIO_reset(SSL_get_wbio(ssl_));
  }
  std::unique_ptr<MemoryTransport> wire_;
  SSL_CTX* context_;
  SSL* ssl_;
};

struct KeyUpdate : TlsTest {
  KeyUpdate() {
    auto wires = MemoryTransport::make_pair(loop);
    server_wire = wires.second.get();
    server.take(accept(std::move(wires.second), *ServerContext::make(server_options())));
    client = std::make_unique<RawClient>(std::move(wires.first));
    for (int i = 0; i < 5 && !client->shake_hands(); ++i) loop.settle();
    loop.settle();
    EXPECT_TRUE(server.connected) << server.failure;
    EXPECT_EQ(client->read(), "");
  }
  MemoryTransport* server_wire;
  TlsPeer server;
  std::unique_ptr<RawClient> client;
};

TEST_F(KeyUpdate, what_waits_behind_the_answer_is_sent_as_it_was_given) {
  server_wire->limit_writes(0);
  client->ask_for_new_keys();
  loop.settle();
  server.write("for this one only");
  EXPECT_EQ(server.pending, "for this one only") << "there was room";

  // Another connection of this thread writes small pieces meanwhile.
  auto& other = connect(server_options(), client_options());
  ASSERT_TRUE(other.finished()) << other.why();
  std::string a = "somebody ", b = "else's secret";
  const std::vector<iovec> pieces{{a.data(), a.size()}, {b.data(), b.size()}};
  EXPECT_EQ(other.server.transport->writev(pieces).bytes, 22U);

  server_wire->limit_writes(1 << 20);
  loop.settle();
  EXPECT_EQ(server.pending, "");
  EXPECT_EQ(client->read(), "for this one only");
}

TEST_F(KeyUpdate, the_answer_waits_behind_a_record_that_found_no_room) {
  server_wire->limit_writes(10);
  server.write("first");
  client->ask_for_new_keys();
  loop.settle();
  server_wire->limit_writes(1 << 20);
  loop.settle();
  server.write("second");
  EXPECT_EQ(client->read(), "first");
  EXPECT_EQ(client->read(), "second");
}

}  // namespace
}  // namespace proa::net::tls
