#include "net/peer_exchange.h"

#include <gtest/gtest.h>

#include "net/memory_transport.h"
#include "net/mesh_peer.h"
#include "net/test_loop.h"

namespace proa::net {
namespace {

using namespace std::string_view_literals;

std::string field(char number, const std::string& bytes) {
  return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(bytes.size()) + bytes;
}
std::string entry(const std::string& name, const std::string& value) {
  return field(1, field(1, name) + field(2, value));
}
/// What a proxy beside a workload "shop" says.
std::string said() {
  const std::string peer = entry("WORKLOAD_NAME", field(3, "shop"));
  const std::string whole =
      entry("x-envoy-peer-metadata", field(5, peer)) + entry("x-envoy-peer-metadata-id", field(3, "sidecar~1"));
  return frame_peer_message(field(1, "type.googleapis.com/google.protobuf.Struct") + field(2, whole));
}

struct PeerExchangeTest : testing::Test, TransportObserver {
  void start(const std::string& alpn, bool connected = true) {
    auto pair = MemoryTransport::make_pair(*loop);
    peer = std::move(pair.second);
    inner = pair.first.get();
    auto tls = std::make_shared<TlsInfo>();
    tls->alpn = alpn;
    pair.first->info().tls = tls;
    auto spec = std::make_shared<PeerExchangeSpec>();
    spec->message = frame_peer_message("we");
    transport = std::make_unique<PeerExchange>(std::move(pair.first), spec, connected);
    transport->observe(this);
  }
  ~PeerExchangeTest() override {
    transport.reset();
    peer.reset();
    loop.settle();
  }
  void on_connected() override { told_connected = true; }
  void on_readable() override { read(); }
  void on_writable() override {}
  void read() {
    char buffer[5];
    for (;;) {
      const IoResult result = transport->read(buffer, sizeof buffer);
      ended |= result.state == IoResult::State::kEof;
      if (!result.ok()) return;
      received.append(buffer, result.bytes);
    }
  }
  void write(std::string_view text) {
    iovec piece{const_cast<char*>(text.data()), text.size()};
    transport->writev({&piece, 1});
  }

  TestLoop loop;
  std::unique_ptr<MemoryTransport> peer;
  MemoryTransport* inner = nullptr;
  std::unique_ptr<PeerExchange> transport;
  std::string received;
  bool told_connected = false, ended = false;
};

TEST_F(PeerExchangeTest, each_tells_the_other_before_the_first_byte) {
  start("istio-peer-exchange");
  EXPECT_TRUE(transport->info().mesh_exchange_pending);
  write("hello");
  EXPECT_EQ(peer->receive(), "\x3d\x23\x04\x67\0\0\0\2wehello"sv);
  peer->send(said() + "answer");
  loop.settle();
  EXPECT_EQ(received, "answer");
  ASSERT_TRUE(transport->info().mesh_peer);
  EXPECT_EQ(transport->info().mesh_peer->workload, "shop");
  EXPECT_EQ(transport->info().mesh_peer->id, "sidecar~1");
  EXPECT_FALSE(transport->info().mesh_exchange_pending);
}

TEST_F(PeerExchangeTest, however_the_bytes_are_cut) {
  start("istio-peer-exchange");
  for (char c : said() + "answer") {
    peer->send({&c, 1});
    loop.settle();
  }
  EXPECT_EQ(received, "answer");
  EXPECT_TRUE(transport->info().mesh_peer);
}

TEST_F(PeerExchangeTest, another_protocol_passes_untouched) {
  start("h2");
  write("hello");
  EXPECT_EQ(peer->receive(), "hello");
  peer->send("answer");
  loop.settle();
  EXPECT_EQ(received, "answer");
  EXPECT_FALSE(transport->info().mesh_exchange_pending);
}

TEST_F(PeerExchangeTest, a_client_speaks_when_it_is_connected) {
  start("istio-peer-exchange", /*connected=*/false);
  EXPECT_EQ(peer->receive(), "");
  inner->announce_connected();
  loop.settle();
  EXPECT_TRUE(told_connected);
  EXPECT_EQ(peer->receive().size(), 10U);
}

TEST_F(PeerExchangeTest, bytes_without_the_magic_are_the_applications) {
  start("istio-peer-exchange");
  peer->send("GET / HTTP/1.1");
  loop.settle();
  EXPECT_EQ(received, "GET / HTTP/1.1");
  EXPECT_FALSE(transport->info().mesh_peer);
}

TEST_F(PeerExchangeTest, a_message_that_says_nothing_is_taken_away) {
  start("istio-peer-exchange");
  peer->send(frame_peer_message("\x12\x7f") + "answer");
  loop.settle();
  EXPECT_EQ(received, "answer");
  EXPECT_FALSE(transport->info().mesh_peer);
  EXPECT_FALSE(transport->info().mesh_exchange_pending);
}

TEST_F(PeerExchangeTest, a_message_without_end_is_not_waited_for) {
  start("istio-peer-exchange");
  peer->send("\x3d\x23\x04\x67\x7f\xff\xff\xff"sv);
  loop.settle();
  EXPECT_FALSE(transport->open());
}

TEST_F(PeerExchangeTest, what_does_not_fit_goes_out_first_and_later) {
  auto pair = MemoryTransport::make_pair(*loop);
  pair.first->limit_writes(3);
  peer = std::move(pair.second);
  inner = pair.first.get();
  auto tls = std::make_shared<TlsInfo>();
  tls->alpn = "istio-peer-exchange";
  pair.first->info().tls = tls;
  auto spec = std::make_shared<PeerExchangeSpec>();
  spec->message = frame_peer_message("we");
  transport = std::make_unique<PeerExchange>(std::move(pair.first), spec, true);
  transport->observe(this);
  write("lost");
  transport->shutdown_write();
  std::string out;
  for (int i = 0; i < 10; ++i) {
    out += peer->receive();
    loop.settle();
  }
  EXPECT_EQ(out, spec->message);
  EXPECT_TRUE(peer->peer_finished());
}

TEST_F(PeerExchangeTest, an_end_within_the_message_is_an_end) {
  start("istio-peer-exchange");
  peer->send("\x3d\x23");
  peer->shutdown_write();
  loop.settle();
  EXPECT_TRUE(ended);
  EXPECT_EQ(received, "");
}

}  // namespace
}  // namespace proa::net
