#include "net/tls/transport.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>

#include "net/memory_transport.h"
#include "net/test_loop.h"
#include "net/tls/test_pair.h"

namespace proa::net::tls {
namespace {

using Tls = TlsTest;

TEST_F(Tls, handshake_tells_both_sides_the_facts) {
  auto& pair = connect(server_options(), client_options());
  ASSERT_TRUE(pair.finished()) << pair.why();
  const TlsInfo& seen_by_client = *pair.client.transport->info().tls;
  EXPECT_EQ(seen_by_client.version, "TLSv1.3");
  EXPECT_EQ(seen_by_client.cipher, "TLS_AES_128_GCM_SHA256");
  EXPECT_TRUE(seen_by_client.presented);
  EXPECT_TRUE(seen_by_client.validated);
  EXPECT_EQ(seen_by_client.peer->dns_sans, std::vector<std::string>{"a.example.com"});
  EXPECT_EQ(seen_by_client.peer->sha256.size(), 64U);
  EXPECT_TRUE(seen_by_client.peer->url_encoded_pem().starts_with("-----BEGIN%20CERTIFICATE-----%0A"));
  const TlsInfo& seen_by_server = *pair.server.transport->info().tls;
  EXPECT_EQ(seen_by_server.sni, "a.example.com");
  EXPECT_FALSE(seen_by_server.presented);
  EXPECT_EQ(seen_by_server.local->dns_sans, std::vector<std::string>{"a.example.com"});
  EXPECT_TRUE(pair.server.transport->counters().has(Counter::kHandshake));
  EXPECT_TRUE(pair.server.transport->counters().has(Counter::kNoCertificate));
}

TEST_F(Tls, bytes_go_both_ways_in_any_chunks) {
  auto& pair = connect(server_options(), client_options());
  ASSERT_TRUE(pair.finished()) << pair.why();
  pair.server_wire->limit_reads(1);
  pair.client_wire->limit_reads(7);
  std::string big(100000, 'x');
  pair.client.write(big);
  pair.server.write("short");
  loop.settle(200);
  EXPECT_EQ(pair.server.bytes, big);
  EXPECT_EQ(pair.client.bytes, "short");
}

TEST_F(Tls, bytes_that_come_while_records_wait_in_openssl_are_read) {
  auto& pair = connect(server_options(), client_options());
  ASSERT_TRUE(pair.finished());
  pair.server.paused = true;
  for (const char* record : {"1", "2", "3"}) pair.client.write(record);
  loop.settle();
  char buffer[100];
  IoResult result = pair.server.transport->read(buffer, sizeof buffer);  // takes all three from below
  EXPECT_TRUE(result.ok() && result.bytes == 1 && !result.drained);
  pair.client.write("4");
  loop.settle();  // told, and not told again
  std::string rest;
  do {
    result = pair.server.transport->read(buffer, sizeof buffer);
    if (result.ok()) rest.append(buffer, result.bytes);
  } while (result.ok() && !result.drained);
  EXPECT_EQ(rest, "234");
}

TEST_F(Tls, small_pieces_become_one_record) {
  auto& pair = connect(server_options(), client_options());
  ASSERT_TRUE(pair.finished());
  pair.server.paused = true;
  std::string a = "GET / ", empty, b = "HTTP/1.1\r\n", c = "\r\n";
  std::vector<iovec> pieces{{a.data(), a.size()}, {empty.data(), 0}, {b.data(), b.size()}, {c.data(), c.size()}};
  EXPECT_EQ(pair.client.transport->writev(pieces).bytes, 18U);
  EXPECT_EQ(pair.server_wire->receive().size(), 18U + 5 + 1 + 16);  // header, content type, tag
}

TEST_F(Tls, a_blocked_write_goes_on_where_it_stopped) {
  auto& pair = connect(server_options(), client_options());
  ASSERT_TRUE(pair.finished());
  pair.client_wire->limit_writes(1000);
  std::string sent;
  for (int i = 0; i < 50000; ++i) sent += static_cast<char>('a' + i % 26);
  pair.client.write(sent);
  EXPECT_FALSE(pair.client.pending.empty());
  loop.settle(1000);
  EXPECT_EQ(pair.server.bytes, sent);
  EXPECT_GT(pair.client.writable, 0);
}

TEST_F(Tls, close_notify_ends_one_direction) {
  auto& pair = connect(server_options(), client_options());
  ASSERT_TRUE(pair.finished());
  pair.client.write("last");
  pair.client.transport->shutdown_write();
  loop.settle();
  EXPECT_EQ(pair.server.bytes, "last");
  EXPECT_EQ(pair.server.last, IoResult::State::kEof);
  pair.server.write("answer");
  loop.settle();
  EXPECT_EQ(pair.client.bytes, "answer");
}

TEST_F(Tls, tickets_wait_for_the_first_bytes) {
  auto& pair = connect(server_options(), client_options());
  ASSERT_TRUE(pair.finished());
  pair.client.transport->observe(nullptr);
  pair.server.write("first");
  EXPECT_GT(pair.client_wire->receive().size(), 150U);  // a record of 5 bytes takes 27
  pair.server.write("after");
  EXPECT_EQ(pair.client_wire->receive().size(), 27U);
}

TEST_F(Tls, a_last_answer_goes_out_with_close_notify) {
  auto& pair = connect(server_options(), client_options());
  ASSERT_TRUE(pair.finished());
  pair.server.write("first");
  loop.settle();
  pair.server.transport->end_follows();
  pair.server.write("last");
  EXPECT_TRUE(pair.server.pending.empty());
  loop.settle();
  EXPECT_EQ(pair.client.bytes, "first");
  pair.server.transport->shutdown_write();
  loop.settle();
  EXPECT_EQ(pair.client.bytes, "firstlast");
  EXPECT_EQ(pair.client.last, IoResult::State::kEof);
}

TEST_F(Tls, a_long_last_answer_is_not_held_whole_and_its_end_waits_for_room) {
  auto& pair = connect(server_options(), client_options());
  ASSERT_TRUE(pair.finished());
  pair.client.paused = true;
  pair.server_wire->limit_writes(50'000);
  pair.server.transport->end_follows();
  std::string sent(45'000, 'x');
  pair.server.write(sent);
  ASSERT_TRUE(pair.server.pending.empty());
  pair.server_wire->limit_writes(100);  // what was held and close_notify find no room
  pair.server.transport->shutdown_write();
  loop.settle();
  pair.client.paused = false;
  pair.client.on_readable();
  loop.settle(1000);
  EXPECT_EQ(pair.client.bytes, sent);
  EXPECT_EQ(pair.client.last, IoResult::State::kEof);
}

TEST_F(Tls, an_end_without_close_notify_is_an_error) {
  auto& pair = connect(server_options(), client_options());
  ASSERT_TRUE(pair.finished());
  pair.client.write("cut");
  pair.client_wire->shutdown_write();
  loop.settle();
  EXPECT_EQ(pair.server.bytes, "cut");
  EXPECT_EQ(pair.server.last, IoResult::State::kError);
  EXPECT_EQ(pair.server.transport->failure(), "connection closed without close_notify");
}

TEST_F(Tls, a_damaged_record_is_an_error) {
  auto& pair = connect(server_options(), client_options());
  ASSERT_TRUE(pair.finished());
  pair.client_wire->send(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x'));
  loop.settle();
  EXPECT_EQ(pair.server.last, IoResult::State::kError);
  EXPECT_TRUE(pair.server.transport->failure().starts_with("TLS_error:|")) << pair.server.transport->failure();
}

TEST_F(Tls, versions_must_meet) {
  auto server = server_options();
  server.min_version = Version::kTls13;
  auto client = client_options();
  client.max_version = Version::kTls12;
  auto& pair = connect(server, client);
  EXPECT_FALSE(pair.finished());
  EXPECT_NE(pair.server.failure.find("UNSUPPORTED_PROTOCOL"), std::string::npos) << pair.server.failure;
  EXPECT_TRUE(pair.server.transport->counters().has(Counter::kConnectionError));
  server.min_version = Version::kTls12;
  auto& second = connect(server, client);
  ASSERT_TRUE(second.finished()) << second.why();
  EXPECT_EQ(second.server.transport->info().tls->version, "TLSv1.2");
}

TEST_F(Tls, ciphers_and_curves_are_kept_and_unknown_ones_refused) {
  auto client = client_options();
  client.max_version = Version::kTls12;
  client.ciphers = {"[ECDHE-ECDSA-AES256-GCM-SHA384|ECDHE-RSA-AES256-GCM-SHA384]"};
  auto& pair = connect(server_options(), client);
  ASSERT_TRUE(pair.finished()) << pair.why();
  EXPECT_EQ(pair.client.transport->info().tls->cipher, "ECDHE-ECDSA-AES256-GCM-SHA384");
  client.ciphers = {"ECDHE-RSA-AES256-GCM-SHA384", "NOT-A-CIPHER"};
  auto bad = ClientContext::make(client);
  ASSERT_FALSE(bad.has_value());
  EXPECT_NE(bad.error().message.find("NOT-A-CIPHER"), std::string::npos);
  client = client_options();
  client.curves = {"P-999"};
  EXPECT_FALSE(ClientContext::make(client).has_value());
}

TEST_F(Tls, alpn_is_chosen_by_the_server) {
  auto server = server_options();
  server.alpn = {"h2", "http/1.1"};
  auto client = client_options();
  client.alpn = {"http/1.1", "h2"};
  auto& pair = connect(server, client);
  ASSERT_TRUE(pair.finished());
  EXPECT_EQ(pair.server.transport->info().tls->alpn, "h2");
  EXPECT_EQ(pair.client.transport->info().tls->alpn, "h2");
  EXPECT_EQ(pair.server.transport->info().alpn, client.alpn);
  auto& other = connect(server, client, {.alpn = std::vector<std::string>{"istio"}});
  ASSERT_TRUE(other.finished()) << other.why();
  EXPECT_EQ(other.client.transport->info().tls->alpn, "");
  server.require_alpn_match = true;
  auto& refused = connect(server, client, {.alpn = std::vector<std::string>{"istio"}});
  EXPECT_FALSE(refused.finished());
  EXPECT_NE(refused.client.failure.find("NO_APPLICATION_PROTOCOL"), std::string::npos) << refused.client.failure;
}

TEST_F(Tls, clear_text_before_the_handshake_is_refused) {
  auto& pair = start(server_options(), client_options());
  pair.client_wire->send("GET / HTTP/1.1\r\n\r\n");
  loop.settle();
  EXPECT_FALSE(pair.finished());
  EXPECT_FALSE(pair.server.transport->open());
  auto& injected = start(server_options(), client_options());
  injected.server_wire->send("HTTP/1.1 200 OK\r\n\r\n");
  loop.settle();
  EXPECT_FALSE(injected.client.connected);
  EXPECT_NE(injected.client.failure, "");
  EXPECT_EQ(injected.client.bytes, "");
}

TEST_F(Tls, a_hello_cut_at_every_byte_and_ended_there_fails) {
  std::string hello;
  {
    auto wires = MemoryTransport::make_pair(loop);
    auto* wire = wires.second.get();
    auto client = tls::connect(std::move(wires.first), *ClientContext::make(client_options()));
    loop.settle();
    hello = wire->receive();
  }
  ASSERT_GT(hello.size(), 100U);
  auto context = *ServerContext::make(server_options());
  for (size_t cut = 0; cut < hello.size(); ++cut) {
    auto wires = MemoryTransport::make_pair(loop);
    TlsPeer server;
    server.take(tls::accept(std::move(wires.second), context));
    wires.first->send(hello.substr(0, cut));
    loop.settle(4);
    ASSERT_TRUE(server.transport->handshaking()) << cut;
    ASSERT_EQ(wires.first->receive(), "");
    wires.first->shutdown_write();
    loop.settle(4);
    ASSERT_EQ(server.failure, "connection closed in the TLS handshake") << cut;
  }
}

TEST_F(Tls, a_reset_in_the_handshake_is_told) {
  auto& pair = start(server_options(), client_options());
  pair.client_wire->fail_with(ECONNRESET);
  loop.settle();
  EXPECT_NE(pair.client.failure.find("Connection reset"), std::string::npos) << pair.client.failure;
}

TEST_F(Tls, bytes_that_come_with_the_last_handshake_message_are_read) {
  auto server = server_options();
  auto& pair = start(server, client_options());
  pair.client.on_finish = [&] { pair.client.write("early"); };
  loop.settle();
  EXPECT_EQ(pair.server.bytes, "early");
}

}  // namespace
}  // namespace proa::net::tls
