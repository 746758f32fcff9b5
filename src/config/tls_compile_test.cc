#include "config/tls_compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "config/test_compile.h"
#include "envoy/config/core/v3/base.pb.h"
#include "net/tls/client_context.h"
#include "net/tls/server_context.h"
#include "net/tls/test_pair.h"

namespace proa::config {
namespace {

using testing::HasSubstr;

using net::tls::dns_san;
using net::tls::Issuer;
using net::tls::TlsPeer;
using net::tls::uri_san;

struct TlsCompile : CompileTest {
  static Issuer& authority() {
    static Issuer issuer = *Issuer::make_root("root");
    return issuer;
  }
  static const net::tls::Issued& server() {
    static const net::tls::Issued issued =
        *authority().issue({.common_name = "server", .sans = {dns_san("a.test"), uri_san("spiffe://td/server")}});
    return issued;
  }
  static const net::tls::Issued& client() {
    static const net::tls::Issued issued = *authority().issue({.sans = {uri_san("spiffe://td/client")}});
    return issued;
  }
  /// A DataSource with this text.
  static std::string inline_string(std::string text) {
    for (size_t at = 0; (at = text.find('\n', at)) != text.npos; at += 2) text.replace(at, 1, "\\n");
    return "{inline_string: \"" + text + "\"}";
  }
  static std::string certificate(const net::tls::Issued& issued) {
    return "tls_certificates: [{certificate_chain: " + inline_string(issued.certificate_pem) +
           ", private_key: " + inline_string(issued.key_pem) + "}]";
  }
  static std::string ca() { return "trusted_ca: " + inline_string(authority().certificate_pem()); }
  /// The common_tls_context of a server, with `more` in it.
  static std::string common(const std::string& more = "") {
    return "common_tls_context: {" + certificate(server()) + (more.empty() ? "" : ", " + more) + "}";
  }
  static std::string trusting(const std::string& more = "") {
    return "common_tls_context: {validation_context: {" + ca() + (more.empty() ? "" : ", " + more) + "}}";
  }
  envoy::config::core::v3::TransportSocket socket(const std::string& type, const std::string& fields) {
    problems = {};
    return read<envoy::config::core::v3::TransportSocket>(
        "{name: tls, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.transport_sockets." + type + ", " +
        fields + "}}");
  }
  auto downstream(const std::string& fields) {
    return compile_downstream_socket(socket("tls.v3.DownstreamTlsContext", fields), at, compiler);
  }
  upstream::TransportSocketSpec upstream_socket(const std::string& fields) {
    return compile_upstream_socket(socket("tls.v3.UpstreamTlsContext", fields), at, compiler);
  }
  /// Every problem of a downstream context.
  std::string problems_of(const std::string& fields) {
    EXPECT_EQ(downstream(fields), nullptr);
    return problem_lines();
  }
  /// A handshake between two compiled contexts; null when it fails.
  std::shared_ptr<const net::TlsInfo> handshake(const std::string& of_server, const std::string& of_client) {
    const auto server_slot = downstream(of_server);
    EXPECT_EQ(problem_lines(), "");
    const auto client_slot = upstream_socket(of_client).tls;
    EXPECT_EQ(problem_lines(), "");
    if (!server_slot || !client_slot) return nullptr;
    auto wires = net::MemoryTransport::make_pair(loop);
    TlsPeer left, right;
    left.take(net::tls::connect(std::move(wires.first), client_slot->current()));
    right.take(net::tls::accept(std::move(wires.second), server_slot->current()));
    loop.settle();
    why_not = left.failure + "/" + right.failure;
    if (!left.connected || !right.connected) return nullptr;
    return right.transport->info().tls;
  }
  net::TestLoop loop;
  std::string why_not;
};

TEST_F(TlsCompile, an_unreadable_ca_is_one_problem) {
  const std::string found = problems_of(
      "require_client_certificate: true, common_tls_context: {validation_context: {trusted_ca: {filename: "
      "/no/such/ca.pem}, match_typed_subject_alt_names: [{san_type: DNS, matcher: {exact: a}}]}}");
  EXPECT_THAT(found, HasSubstr("/no/such/ca.pem"));
  EXPECT_EQ(std::ranges::count(found, '\n'), 1) << found;
}

TEST_F(TlsCompile, a_required_certificate_wants_somebody_to_trust) {
  EXPECT_THAT(problems_of("require_client_certificate: true"),
              HasSubstr("a client certificate is required, but nothing says whom to trust"));
  EXPECT_THAT(problems_of("common_tls_context: {validation_context: {match_typed_subject_alt_names: [{san_type: DNS, "
                          "matcher: {exact: a}}]}}"),
              HasSubstr("names are to be matched, but nothing says whom to trust"));
  EXPECT_THAT(problems_of("require_client_certificate: true, common_tls_context: {validation_context: {trusted_ca: "
                          "{inline_string: ''}}}"),
              HasSubstr("trust"))
      << "an empty CA trusts nobody";
}

TEST_F(TlsCompile, old_versions_are_refused_by_field) {
  EXPECT_THAT(problems_of("common_tls_context: {tls_params: {tls_minimum_protocol_version: TLSv1_1}}"),
              HasSubstr("tls_params.tls_minimum_protocol_version: TLS 1.0 and 1.1 are not supported"));
}

TEST_F(TlsCompile, a_handshake_with_defaults) {
  const auto info = handshake(common(), trusting());
  ASSERT_TRUE(info) << why_not;
  EXPECT_EQ(info->version, "TLSv1.3");
  EXPECT_EQ(info->alpn, "");
  EXPECT_FALSE(info->presented);
}

TEST_F(TlsCompile, versions_and_suites) {
  const auto info = handshake(common("tls_params: {tls_maximum_protocol_version: TLSv1_2, cipher_suites: "
                                     "[ECDHE-ECDSA-AES256-GCM-SHA384], ecdh_curves: [P-256]}"),
                              trusting());
  ASSERT_TRUE(info) << why_not;
  EXPECT_EQ(info->version, "TLSv1.2");
  EXPECT_EQ(info->cipher, "ECDHE-ECDSA-AES256-GCM-SHA384");
  EXPECT_FALSE(handshake(common("tls_params: {tls_minimum_protocol_version: TLSv1_3}"),
                         "common_tls_context: {tls_params: {tls_maximum_protocol_version: TLSv1_2}}"));
  EXPECT_THAT(problems_of(common("tls_params: {tls_minimum_protocol_version: TLSv1_3, tls_maximum_protocol_version: "
                                 "TLSv1_2}")),
              HasSubstr("the minimum TLS version is above the maximum"));
  EXPECT_NE(problems_of(common("tls_params: {cipher_suites: [NO-SUCH-SUITE]}")), "");
  EXPECT_NE(problems_of(common("tls_params: {ecdh_curves: [no-such-curve]}")), "");
  EXPECT_NE(problems_of(common("tls_params: {signature_algorithms: [no-such-algorithm]}")), "");
}

TEST_F(TlsCompile, alpn_and_sni) {
  const auto info = handshake(common("alpn_protocols: [h2, http/1.1]"),
                              "sni: a.test, common_tls_context: {alpn_protocols: [http/1.1, h2]}");
  ASSERT_TRUE(info) << why_not;
  EXPECT_EQ(info->alpn, "h2") << "the server's order counts";
  EXPECT_EQ(info->sni, "a.test");
  EXPECT_FALSE(handshake(common() + ", require_sni: true", "common_tls_context: {}"));
  EXPECT_TRUE(handshake(common() + ", require_sni: true", "sni: a.test, common_tls_context: {}")) << why_not;
}

TEST_F(TlsCompile, client_certificates) {
  const std::string asks = common("validation_context: {" + ca() + "}") + ", require_client_certificate: true";
  const auto info = handshake(asks, "common_tls_context: {" + certificate(client()) + "}");
  ASSERT_TRUE(info) << why_not;
  EXPECT_TRUE(info->presented && info->validated);
  EXPECT_FALSE(handshake(asks, "common_tls_context: {}"));
  EXPECT_TRUE(handshake(common("validation_context: {" + ca() + "}"), "common_tls_context: {}"))
      << "asked for, not required";
}

TEST_F(TlsCompile, names_of_the_peer) {
  auto accepted = [&](const std::string& names) { return handshake(common(), trusting(names)) != nullptr; };
  auto typed = [](const std::string& type, const std::string& matcher) {
    return "match_typed_subject_alt_names: [{san_type: " + type + ", matcher: {" + matcher + "}}]";
  };
  EXPECT_TRUE(accepted(typed("DNS", "exact: a.test")));
  EXPECT_FALSE(accepted(typed("DNS", "exact: b.test")));
  EXPECT_TRUE(accepted(typed("URI", "prefix: 'spiffe://td/'")));
  EXPECT_TRUE(accepted(typed("URI", "suffix: /server")));
  EXPECT_TRUE(accepted(typed("URI", "contains: td")));
  EXPECT_TRUE(accepted(typed("URI", "safe_regex: {regex: 'spiffe://.*/server'}")));
  EXPECT_FALSE(accepted(typed("URI", "safe_regex: {regex: 'server'}"))) << "all of it has to match";
  EXPECT_FALSE(accepted(typed("EMAIL", "exact: a.test"))) << "another kind of name";
  EXPECT_TRUE(accepted("match_subject_alt_names: [{exact: 'spiffe://td/server'}]")) << "any kind";
  EXPECT_TRUE(accepted("match_subject_alt_names: [{exact: a.test}]"));
  EXPECT_FALSE(accepted("match_subject_alt_names: [{exact: c.test}]"));
  upstream_socket(trusting(typed("DNS", "safe_regex: {regex: '('}")));
  EXPECT_THAT(problem_lines(), HasSubstr("validation_context.match_typed_subject_alt_names[0].matcher"));
}

TEST_F(TlsCompile, whom_to_trust) {
  Issuer stranger = *Issuer::make_root("stranger");
  const std::string other = "trusted_ca: " + inline_string(stranger.certificate_pem());
  EXPECT_FALSE(handshake(common(), "common_tls_context: {validation_context: {" + other + "}}"));
  EXPECT_TRUE(handshake(common(), "common_tls_context: {validation_context: {" + other +
                                      ", trust_chain_verification: ACCEPT_UNTRUSTED}}"))
      << why_not;
  EXPECT_TRUE(handshake(common(), "common_tls_context: {}")) << "nothing is checked";
  const std::string revoked = *authority().make_crl({server().certificate_pem});
  EXPECT_FALSE(handshake(common(), trusting("crl: " + inline_string(revoked))));
  const std::string empty = *authority().make_crl({});
  EXPECT_TRUE(handshake(common(), trusting("crl: " + inline_string(empty)))) << why_not;
}

TEST_F(TlsCompile, expired_certificates) {
  const auto old = *authority().issue({.sans = {dns_san("a.test")},
                                       .valid_from = std::chrono::system_clock::now() - std::chrono::hours(2),
                                       .valid_until = std::chrono::system_clock::now() - std::chrono::hours(1)});
  const std::string context = "common_tls_context: {" + certificate(old) + "}";
  EXPECT_FALSE(handshake(context, trusting()));
  EXPECT_TRUE(handshake(context, trusting("allow_expired_certificate: true"))) << why_not;
}

TEST_F(TlsCompile, pins) {
  const std::string zeros(64, '0');
  EXPECT_FALSE(handshake(common(), trusting("verify_certificate_hash: ['" + zeros + "']")));
  EXPECT_FALSE(
      handshake(common(), trusting("verify_certificate_spki: [AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=]")));
  upstream_socket(trusting("verify_certificate_hash: [short]"));
  EXPECT_NE(problem_lines(), "");
}

TEST_F(TlsCompile, depth) {
  Issuer between = *authority().make_intermediate("between");
  const auto below = *between.issue({.sans = {dns_san("a.test")}});
  const std::string context = "common_tls_context: {" + certificate(below) + "}";
  EXPECT_TRUE(handshake(context, trusting())) << why_not;
  EXPECT_FALSE(handshake(context, trusting("max_verify_depth: 0")));
}

TEST_F(TlsCompile, resumption) {
  auto ticket_keys = [](size_t bytes) {
    return ", session_ticket_keys: {keys: [{inline_string: '" + std::string(bytes, 'k') + "'}]}";
  };
  EXPECT_TRUE(handshake(common() + ticket_keys(80) + ", session_timeout: 60s", trusting())) << why_not;
  EXPECT_THAT(problems_of(common() + ticket_keys(79)), HasSubstr("80"));
  EXPECT_TRUE(
      handshake(common() + ", disable_stateless_session_resumption: true", trusting() + ", max_session_keys: 0"))
      << why_not;
}

TEST_F(TlsCompile, certificates_that_cannot_be_read) {
  EXPECT_THAT(problems_of("common_tls_context: {tls_certificates: [{certificate_chain: {filename: /no/such.crt}, "
                          "private_key: {filename: /no/such.key}}]}"),
              testing::AllOf(HasSubstr("tls_certificates[0].certificate_chain.filename: cannot read \"/no/such.crt\""),
                             HasSubstr("tls_certificates[0].private_key.filename: cannot read \"/no/such.key\"")));
  EXPECT_THAT(problems_of("common_tls_context: {tls_certificates: [{pkcs12: {filename: /no/such.p12}, password: "
                          "{environment_variable: PROA_NO_SUCH_VARIABLE}}]}"),
              testing::AllOf(HasSubstr("tls_certificates[0].pkcs12.filename: "),
                             HasSubstr("tls_certificates[0].password.environment_variable: ")));
  EXPECT_NE(problems_of("common_tls_context: {tls_certificates: [{certificate_chain: " +
                        inline_string(server().certificate_pem) + ", private_key: " + inline_string(client().key_pem) +
                        "}]}"),
            "")
      << "the key is another's";
}

TEST_F(TlsCompile, sockets_that_are_not_tls) {
  const auto plain =
      compile_upstream_socket(read<envoy::config::core::v3::TransportSocket>(
                                  "{name: r, typed_config: {\"@type\": "
                                  "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer}}"),
                              at, compiler);
  EXPECT_FALSE(plain.tls || plain.proxy_protocol);
  const std::string inner =
      "transport_socket: {name: t, typed_config: {\"@type\": "
      "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext, " +
      trusting() + "}}";
  auto proxied = [&](const std::string& config) {
    return compile_upstream_socket(socket("proxy_protocol.v3.ProxyProtocolUpstreamTransport", config + inner), at,
                                   compiler);
  };
  EXPECT_EQ(proxied("").proxy_protocol, 1);
  const auto second = proxied("config: {version: V2}, ");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(second.proxy_protocol, 2);
  EXPECT_TRUE(second.tls);
  EXPECT_TRUE(second.proxy_tlvs.nothing());
  EXPECT_TRUE(proxied("config: {version: V2, pass_through_tlvs: {}}, ").proxy_tlvs.all);
  const auto some =
      proxied("config: {version: V2, pass_through_tlvs: {match_type: INCLUDE, tlv_type: [1, 224]}}, ").proxy_tlvs;
  EXPECT_FALSE(some.all);
  EXPECT_EQ(some.types, (std::vector<uint8_t>{1, 224}));
  EXPECT_EQ(problem_lines(), "");
}

}  // namespace
}  // namespace proa::config
