// Resumption: taken where it is safe, refused where trust or the name has changed. And certificates by SNI.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "net/tls/test_pair.h"

namespace proa::net::tls {
namespace {

struct Session : TlsTest {
  /// Tickets come with the server's first bytes.
  template <class Server, class Client>
  TlsPair& connect(const Server& server, const Client& client, const ConnectOverrides& overrides = {}) {
    TlsPair& out = TlsTest::connect(server, client, overrides);
    if (out.server.connected) out.server.write(".");
    loop.settle();
    return out;
  }
};

std::string ticket_key(char fill) { return std::string(80, fill); }

bool resumed(const TlsPair& pair) {
  EXPECT_TRUE(pair.client.connected) << pair.why();
  bool on_client = pair.client.transport->info().tls->resumed;
  EXPECT_EQ(on_client, pair.server.transport->info().tls->resumed);
  EXPECT_EQ(on_client, pair.server.transport->counters().has(Counter::kSessionReused));
  return on_client;
}

struct Versions : Session, testing::WithParamInterface<Version> {};

TEST_P(Versions, a_session_is_resumed_and_keeps_the_identity) {
  auto [server, client] = mutual_options();
  server.max_version = GetParam();
  auto server_context = *ServerContext::make(server);
  auto client_context = *ClientContext::make(client);
  EXPECT_FALSE(resumed(connect(server_context, client_context)));
  EXPECT_EQ(client_context->session_count(), 1U);
  for (int i = 0; i < 3; ++i) {
    auto& again = connect(server_context, client_context);
    EXPECT_TRUE(resumed(again));
    const TlsInfo& info = *again.server.transport->info().tls;
    EXPECT_TRUE(info.presented);
    EXPECT_TRUE(info.validated);
    EXPECT_EQ(info.peer->uri_sans, std::vector<std::string>{"spiffe://td/ns/a/sa/client"});
    EXPECT_TRUE(again.client.transport->info().tls->validated);
  }
}

TEST_P(Versions, a_ticket_is_refused_when_trust_has_changed) {
  Issuer other = *Issuer::make_root("other root");
  auto [server, client] = mutual_options();
  server.max_version = GetParam();
  server.session_ticket_keys = {ticket_key('k')};  // the same keys in every context below
  auto client_context = *ClientContext::make(client);
  auto first = *ServerContext::make(server);
  connect(first, client_context);
  EXPECT_TRUE(resumed(connect(first, client_context)));
  EXPECT_TRUE(resumed(connect(*ServerContext::make(server), client_context)));

  auto more_roots = server;
  more_roots.validation.ca_pem += other.certificate_pem();
  EXPECT_FALSE(resumed(connect(*ServerContext::make(more_roots), client_context)));
  auto other_names = more_roots;
  other_names.validation.sans = {{.match = SanMatcher::Match::kPrefix, .value = "spiffe://td/"}};
  EXPECT_FALSE(resumed(connect(*ServerContext::make(other_names), client_context)));
  auto with_crl = other_names;
  with_crl.validation.crl_pem = *authority().make_crl({});
  EXPECT_FALSE(resumed(connect(*ServerContext::make(with_crl), client_context)));
  // A client that is not let in any more does not come in by its ticket.
  auto other_root = server;
  other_root.validation.ca_pem = other.certificate_pem();
  auto& refused = connect(*ServerContext::make(other_root), client_context);
  EXPECT_FALSE(refused.server.connected);
}

TEST_P(Versions, a_ticket_is_bound_to_the_name) {
  auto server = server_options();
  server.max_version = GetParam();
  auto client = client_options();
  client.max_session_keys = 10;
  client.validation.sans.clear();
  auto server_context = *ServerContext::make(server);
  auto client_context = *ClientContext::make(client);
  connect(server_context, client_context);
  auto& other_name = connect(server_context, client_context, {.sni = "b.example.com"});
  EXPECT_FALSE(resumed(other_name));
  EXPECT_TRUE(resumed(connect(server_context, client_context)));
  EXPECT_TRUE(resumed(connect(server_context, client_context, {.sni = "b.example.com"})));
}

INSTANTIATE_TEST_SUITE_P(Tls, Versions, testing::Values(Version::kTls12, Version::kTls13));

TEST_F(Session, a_clients_session_is_bound_to_the_names_it_checked) {
  auto server_context = *ServerContext::make(server_options());
  auto client = client_options();
  client.max_session_keys = 10;
  auto client_context = *ClientContext::make(client);
  ConnectOverrides loose{.sans = {{.type = SanMatcher::Type::kDns, .value = "a.example.com"}}};
  ConnectOverrides strict{.sans = {{.type = SanMatcher::Type::kDns, .value = "b.example.com"}}};
  EXPECT_TRUE(connect(server_context, client_context, loose).finished());
  EXPECT_TRUE(resumed(connect(server_context, client_context, loose)));
  EXPECT_FALSE(connect(server_context, client_context, strict).client.connected);
}

TEST_F(Session, rotated_ticket_keys_still_decrypt) {
  auto server = server_options();
  server.session_ticket_keys = {ticket_key('a')};
  auto client_context = *ClientContext::make(client_options());
  connect(*ServerContext::make(server), client_context);
  server.session_ticket_keys = {ticket_key('b'), ticket_key('a')};
  EXPECT_TRUE(resumed(connect(*ServerContext::make(server), client_context)));
  server.session_ticket_keys = {ticket_key('b')};
  EXPECT_TRUE(resumed(connect(*ServerContext::make(server), client_context)));
  server.session_ticket_keys = {ticket_key('c')};
  EXPECT_FALSE(resumed(connect(*ServerContext::make(server), client_context)));
  server.session_ticket_keys = {"short"};
  EXPECT_FALSE(ServerContext::make(server).has_value());
}

TEST_F(Session, resumption_can_be_switched_off_on_either_side) {
  auto server = server_options();
  server.session_tickets = false;
  auto server_context = *ServerContext::make(server);
  auto client_context = *ClientContext::make(client_options());
  connect(server_context, client_context);
  EXPECT_EQ(client_context->session_count(), 0U);
  EXPECT_FALSE(resumed(connect(server_context, client_context)));
  auto client = client_options();
  client.max_session_keys = 0;
  auto forgetful = *ClientContext::make(client);
  auto willing = *ServerContext::make(server_options());
  connect(willing, forgetful);
  EXPECT_FALSE(resumed(connect(willing, forgetful)));
}

TEST_F(Session, the_cache_is_bounded) {
  auto server_context = *ServerContext::make(server_options());
  auto client = client_options();
  client.max_session_keys = 3;
  auto client_context = *ClientContext::make(client);
  for (int i = 0; i < 8; ++i) {
    connect(server_context, client_context, {.session_key = "host" + std::to_string(i)});
  }
  EXPECT_EQ(client_context->session_count(), 3U);
}

TEST_F(Session, the_certificate_follows_the_name) {
  auto server = server_options();
  auto exact = own({.common_name = "exact", .sans = {dns_san("x.example.com")}});
  auto wildcard = own({.common_name = "wildcard", .sans = {dns_san("*.example.com")}});
  server.certificates = {server_certificate(), wildcard, exact};
  auto server_context = *ServerContext::make(server);
  auto client = client_options();
  client.validation.sans.clear();
  client.max_session_keys = 0;
  auto client_context = *ClientContext::make(client);
  auto subject = [&](const std::string& sni) {
    auto& pair = connect(server_context, client_context, {.sni = sni});
    EXPECT_TRUE(pair.finished()) << pair.why();
    EXPECT_EQ(pair.client.transport->info().tls->peer->subject, pair.server.transport->info().tls->local->subject);
    return pair.client.transport->info().tls->peer->subject;
  };
  EXPECT_EQ(subject("x.example.com"), "CN=exact");
  EXPECT_EQ(subject("X.Example.com"), "CN=exact");
  EXPECT_EQ(subject("y.example.com"), "CN=wildcard");
  EXPECT_EQ(subject("a.example.com"), "CN=server");
  EXPECT_EQ(subject("y.z.example.com"), "CN=server");
  EXPECT_EQ(subject("unknown"), "CN=server");
  EXPECT_EQ(subject(""), "CN=server");
}

TEST_F(Session, rsa_and_ecdsa_stand_side_by_side) {
  auto server = server_options();
  IssueRequest rsa{.common_name = "rsa", .sans = {dns_san("a.example.com")}};
  rsa.rsa = true;
  server.certificates.push_back(own(rsa));
  auto client = client_options();
  client.max_version = Version::kTls12;
  client.ciphers = {"ECDHE-RSA-AES128-GCM-SHA256"};
  auto& by_rsa = connect(server, client);
  ASSERT_TRUE(by_rsa.finished()) << by_rsa.why();
  EXPECT_EQ(by_rsa.client.transport->info().tls->peer->subject, "CN=rsa");
  client.ciphers = {"ECDHE-ECDSA-AES128-GCM-SHA256"};
  auto& by_ecdsa = connect(server, client);
  ASSERT_TRUE(by_ecdsa.finished()) << by_ecdsa.why();
  EXPECT_EQ(by_ecdsa.client.transport->info().tls->peer->subject, "CN=server");
}

TEST_F(Session, a_required_name_must_be_sent) {
  auto server = server_options();
  server.require_sni = true;
  auto client = client_options();
  EXPECT_TRUE(connect(server, client).finished());
  auto& pair = connect(server, client, {.sni = ""});
  EXPECT_FALSE(pair.server.connected);
  EXPECT_NE(pair.server.failure.find("server name"), std::string::npos) << pair.server.failure;
}

TEST_F(Session, keys_are_logged_when_asked) {
  char folder[] = "/tmp/proa-keylog-XXXXXX";
  ASSERT_TRUE(::mkdtemp(folder));
  auto server = server_options();
  server.key_log_path = std::string(folder) + "/keys";
  EXPECT_TRUE(connect(server, client_options()).finished());
  std::ifstream file(server.key_log_path);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_NE(text.find("CLIENT_TRAFFIC_SECRET_0 "), std::string::npos);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace proa::net::tls
