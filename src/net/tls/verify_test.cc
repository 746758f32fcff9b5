// Who is let in: certificates good and bad, seen through real handshakes.
#include <gtest/gtest.h>

#include "net/tls/openssl.h"
#include "net/tls/test_pair.h"

namespace proa::net::tls {
namespace {

using Verify = TlsTest;
using Type = SanMatcher::Type;

// The counter of the server's refusal, and that the client was not served.
void expect_server_refuses(TlsPair& pair, Counter counter, std::string_view reason) {
  EXPECT_FALSE(pair.server.connected);
  EXPECT_FALSE(pair.server.transport->open());
  EXPECT_TRUE(pair.server.transport->counters().has(counter)) << pair.why();
  EXPECT_NE(pair.server.failure.find(reason), std::string::npos) << pair.server.failure;
}

void expect_client_refuses(TlsPair& pair, Counter counter, std::string_view reason) {
  EXPECT_FALSE(pair.client.connected);
  EXPECT_TRUE(pair.client.transport->counters().has(counter)) << pair.why();
  EXPECT_NE(pair.client.failure.find(reason), std::string::npos) << pair.client.failure;
  EXPECT_FALSE(pair.client.transport->counters().has(Counter::kConnectionError));
}

TEST_F(Verify, mutual_handshake_tells_the_clients_identity) {
  auto [server, client] = mutual_options();
  auto& pair = connect(server, client);
  ASSERT_TRUE(pair.finished()) << pair.why();
  const TlsInfo& info = *pair.server.transport->info().tls;
  EXPECT_TRUE(info.presented);
  EXPECT_TRUE(info.validated);
  EXPECT_EQ(info.peer->uri_sans, std::vector<std::string>{"spiffe://td/ns/a/sa/client"});
  EXPECT_EQ(info.peer->subject, "");
  EXPECT_EQ(info.peer->issuer, "CN=test root");
}

TEST_F(Verify, a_required_certificate_that_is_missing) {
  auto [server, client] = mutual_options();
  client.certificates.clear();
  expect_server_refuses(connect(server, client), Counter::kFailVerifyNoCert, "PEER_DID_NOT_RETURN_A_CERTIFICATE");
  server.require_client_certificate = false;
  auto& optional = connect(server, client);
  ASSERT_TRUE(optional.finished()) << optional.why();
  EXPECT_FALSE(optional.server.transport->info().tls->presented);
}

TEST_F(Verify, a_certificate_nobody_asked_for_is_not_sent) {
  auto [server, client] = mutual_options();
  auto& pair = connect(server_options(), client);
  ASSERT_TRUE(pair.finished());
  EXPECT_FALSE(pair.server.transport->info().tls->presented);
}

TEST_F(Verify, an_unknown_authority_is_refused_by_either_side) {
  Issuer other = *Issuer::make_root("other root");
  auto [server, client] = mutual_options();
  client.certificates = {own({.sans = {uri_san("spiffe://td/x")}}, other)};
  expect_server_refuses(connect(server, client), Counter::kFailVerifyError, "verify cert failed");
  client = client_options();
  client.validation.ca_pem = other.certificate_pem();
  auto& pair = connect(server_options(), client);
  expect_client_refuses(pair, Counter::kFailVerifyError, "CERTIFICATE_VERIFY_FAILED");
  EXPECT_NE(pair.server.failure.find("ALERT_UNKNOWN_CA"), std::string::npos) << pair.server.failure;
}

TEST_F(Verify, accept_untrusted_lets_in_and_marks) {
  Issuer other = *Issuer::make_root("other root");
  auto [server, client] = mutual_options();
  client.certificates = {own({.sans = {uri_san("spiffe://td/x")}}, other)};
  server.validation.accept_untrusted = true;
  auto& pair = connect(server, client);
  ASSERT_TRUE(pair.finished()) << pair.why();
  EXPECT_TRUE(pair.server.transport->info().tls->presented);
  EXPECT_FALSE(pair.server.transport->info().tls->validated);
  EXPECT_TRUE(pair.server.transport->counters().has(Counter::kFailVerifyError));
}

TEST_F(Verify, a_wrong_name_is_refused) {
  auto client = client_options();
  client.validation.sans = {{.type = Type::kDns, .value = "b.example.com"}};
  expect_client_refuses(connect(server_options(), client), Counter::kFailVerifySan, "verify SAN list");
  auto& overridden = connect(server_options(), client, {.sans = {{.type = Type::kDns, .value = "a.example.com"}}});
  EXPECT_TRUE(overridden.finished()) << overridden.why();
}

TEST_F(Verify, the_common_name_is_never_used) {
  auto server = server_options();
  server.certificates = {own({.common_name = "a.example.com"})};
  expect_client_refuses(connect(server, client_options()), Counter::kFailVerifySan, "SAN");
}

TEST_F(Verify, a_nul_does_not_cut_a_name) {
  auto server = server_options();
  server.certificates = {own({.sans = {dns_san(std::string("a.example.com\0.evil.org", 23))}})};
  auto& pair = connect(server, client_options());
  expect_client_refuses(pair, Counter::kFailVerifySan, "SAN");
  auto [mutual, client] = mutual_options();
  client.certificates = {own({.sans = {uri_san(std::string("spiffe://td/a\0\r\nb", 17))}})};
  auto& shown = connect(mutual, client);
  ASSERT_TRUE(shown.finished());
  EXPECT_EQ(shown.server.transport->info().tls->peer->uri_sans[0], "spiffe://td/a\\x00\\x0d\\x0ab");
}

TEST_F(Verify, spiffe_identities_of_other_domains_and_two_at_once_are_refused) {
  auto [server, client] = mutual_options();
  server.validation.sans = {{.match = SanMatcher::Match::kPrefix, .value = "spiffe://td/"}};
  EXPECT_TRUE(connect(server, client).finished());
  client.certificates = {own({.sans = {uri_san("spiffe://other/ns/a")}})};
  expect_server_refuses(connect(server, client), Counter::kFailVerifySan, "SAN");
  client.certificates = {own({.sans = {uri_san("spiffe://td/a"), uri_san("spiffe://td/b")}})};
  expect_server_refuses(connect(server, client), Counter::kFailVerifySan, "SAN");
}

TEST_F(Verify, each_trust_domain_has_its_own_roots) {
  Issuer other = *Issuer::make_root("other root");
  auto [server, client] = mutual_options();
  server.validation = {};
  server.validation.trust_domains = {{"td", authority().certificate_pem()}, {"other", other.certificate_pem()}};
  EXPECT_TRUE(connect(server, client).finished());
  client.certificates = {own({.sans = {uri_san("spiffe://other/a")}}, other)};
  auto& pair = connect(server, client);
  EXPECT_TRUE(pair.finished()) << pair.why();
  client.certificates = {own({.sans = {uri_san("spiffe://td/a")}}, other)};  // signed by the wrong domain
  expect_server_refuses(connect(server, client), Counter::kFailVerifyError, "verify cert failed");
  client.certificates = {own({.sans = {uri_san("spiffe://third/a")}})};
  expect_server_refuses(connect(server, client), Counter::kFailVerifyError, "no trust bundle");
}

TEST_F(Verify, time_counts_unless_told_otherwise) {
  auto now = std::chrono::system_clock::now();
  auto [server, client] = mutual_options();
  IssueRequest expired{.sans = {uri_san("spiffe://td/a")}};
  expired.valid_from = now - std::chrono::hours(48);
  expired.valid_until = now - std::chrono::hours(1);
  client.certificates = {own(expired)};
  expect_server_refuses(connect(server, client), Counter::kFailVerifyError, "certificate has expired");
  server.validation.allow_expired = true;
  EXPECT_TRUE(connect(server, client).finished());
  server.validation.allow_expired = false;
  IssueRequest early{.sans = {uri_san("spiffe://td/a")}};
  early.valid_from = now + std::chrono::hours(1);
  client.certificates = {own(early)};
  expect_server_refuses(connect(server, client), Counter::kFailVerifyError, "not yet valid");
}

TEST_F(Verify, a_certificate_for_servers_is_no_client) {
  auto [server, client] = mutual_options();
  IssueRequest request{.sans = {uri_san("spiffe://td/a")}};
  request.for_client = false;
  client.certificates = {own(request)};
  expect_server_refuses(connect(server, client), Counter::kFailVerifyError, "unsuitable certificate purpose");
}

TEST_F(Verify, a_revoked_certificate_is_refused) {
  auto [server, client] = mutual_options();
  server.validation.crl_pem = *authority().make_crl({client_certificate().chain_pem});
  expect_server_refuses(connect(server, client), Counter::kFailVerifyError, "certificate revoked");
  server.validation.crl_pem = *authority().make_crl({server_certificate().chain_pem});
  EXPECT_TRUE(connect(server, client).finished());
  server.validation.crl_pem = "nonsense";
  EXPECT_FALSE(ServerContext::make(server).has_value());
}

TEST_F(Verify, a_crl_for_leaves_does_not_need_one_for_the_intermediate) {
  Issuer middle = *authority().make_intermediate("middle");
  auto [server, client] = mutual_options();
  client.certificates = {own({.sans = {uri_san("spiffe://td/a")}}, middle)};
  EXPECT_TRUE(connect(server, client).finished());
  server.validation.crl_pem = *middle.make_crl({});
  expect_server_refuses(connect(server, client), Counter::kFailVerifyError, "unable to get certificate CRL");
  server.validation.crl_leaf_only = true;
  auto& pair = connect(server, client);
  EXPECT_TRUE(pair.finished()) << pair.why();
}

TEST_F(Verify, an_intermediate_can_be_the_anchor_and_depth_is_bounded) {
  Issuer middle = *authority().make_intermediate("middle");
  Issuer lower = *middle.make_intermediate("lower");
  auto [server, client] = mutual_options();
  client.certificates = {own({.sans = {uri_san("spiffe://td/a")}}, middle)};
  server.validation.ca_pem = middle.certificate_pem();
  auto& pair = connect(server, client);
  ASSERT_TRUE(pair.finished()) << pair.why();
  EXPECT_EQ(pair.server.transport->info().tls->peer->issuers_der.size(), 1U);
  server.validation.ca_pem = authority().certificate_pem();
  server.validation.max_depth = 0;
  expect_server_refuses(connect(server, client), Counter::kFailVerifyError, "verify cert failed");
}

TEST_F(Verify, pins_admit_one_certificate_or_key) {
  auto leaf = std::move(read_pem_certificates(client_certificate().chain_pem)[0]);
  std::string digest = to_hex(sha256(der_of(leaf.get())));
  auto [server, client] = mutual_options();
  server.validation.certificate_sha256 = {digest};
  EXPECT_TRUE(connect(server, client).finished());
  server.validation.certificate_sha256 = {std::string(64, '0')};
  expect_server_refuses(connect(server, client), Counter::kFailVerifyCertHash, "hash check");
  // A pin alone, without an authority.
  server.validation.ca_pem.clear();
  expect_server_refuses(connect(server, client), Counter::kFailVerifyCertHash, "hash check");
  server.validation.certificate_sha256 = {digest};
  auto& pinned = connect(server, client);
  ASSERT_TRUE(pinned.finished()) << pinned.why();
  EXPECT_TRUE(pinned.server.transport->info().tls->validated);

  unsigned char* bytes = nullptr;
  int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf.get()), &bytes);
  std::string key_digest = sha256({reinterpret_cast<char*>(bytes), static_cast<size_t>(size)});
  OPENSSL_free(bytes);
  unsigned char text[64];
  EVP_EncodeBlock(text, reinterpret_cast<const unsigned char*>(key_digest.data()), 32);
  server.validation.certificate_sha256 = {std::string(64, '0')};
  server.validation.spki_sha256 = {reinterpret_cast<char*>(text)};
  EXPECT_TRUE(connect(server, client).finished());
}

TEST_F(Verify, insecure_or_broken_settings_are_refused) {
  auto options = client_options();
  options.validation.ca_pem.clear();
  auto context = ClientContext::make(options);
  ASSERT_FALSE(context.has_value());
  EXPECT_NE(context.error().message.find("insecure"), std::string::npos);
  options = client_options();
  options.validation.ca_pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_FALSE(ClientContext::make(options).has_value());
  options = client_options();
  options.validation.certificate_sha256 = {"abc"};
  EXPECT_FALSE(ClientContext::make(options).has_value());
  auto server = server_options();
  server.certificates[0].key_pem = client_certificate().key_pem;
  auto mismatch = ServerContext::make(server);
  ASSERT_FALSE(mismatch.has_value());
  EXPECT_NE(mismatch.error().message.find("not that of the certificate"), std::string::npos);
  server.certificates.clear();
  EXPECT_FALSE(ServerContext::make(server).has_value());
}

TEST_F(Verify, facts_of_configured_certificates_can_be_listed) {
  auto [server, client] = mutual_options();
  server.certificates[0].path = "/etc/certs/tls.crt";
  server.validation.ca_path = "/etc/certs/ca.crt";
  auto context = *ServerContext::make(server);
  ASSERT_EQ(context->certificates().size(), 1U);
  EXPECT_EQ(context->certificates()[0].path, "/etc/certs/tls.crt");
  EXPECT_EQ(context->certificates()[0].subject, "CN=server");
  ASSERT_EQ(context->trusted().size(), 1U);
  EXPECT_EQ(context->trusted()[0].path, "/etc/certs/ca.crt");
  auto now = std::chrono::system_clock::now();
  EXPECT_GT(context->trusted()[0].valid_until, now + std::chrono::hours(24 * 3000));
  EXPECT_LT(context->trusted()[0].valid_from, now);
}

}  // namespace
}  // namespace proa::net::tls
