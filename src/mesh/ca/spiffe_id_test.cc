// Who is who. No case here may be taken for an identity that it is not.
#include "mesh/ca/spiffe_id.h"

#include <gtest/gtest.h>

#include "net/tls/certificate.h"
#include "net/tls/issuer.h"

namespace proa::mesh {
namespace {

using net::tls::San;
using Type = net::tls::SanMatcher::Type;

const std::vector<std::string> kDomains{"cluster.local", "old.example"};

San uri(std::string value) { return {Type::kUri, std::move(value), {}}; }

/// What a real certificate with these names proves; empty: nothing.
std::string proven(const std::vector<San>& names, const std::string& common_name = {}) {
  static net::tls::Issuer root = *net::tls::Issuer::make_root("root");
  net::tls::IssueRequest request;
  request.sans = names;
  request.common_name = common_name;
  auto described = net::tls::describe_pem(root.issue(request)->certificate_pem);
  auto id = certificate_identity(described->front(), kDomains);
  return id ? id->text() : std::string();
}

TEST(SpiffeId, identities_that_are_good) {
  for (const char* text : {
           "spiffe://cluster.local/ns/default/sa/reviews",
           "spiffe://old.example/ns/default/sa/reviews",
           "spiffe://cluster.local/ns/a/sa/b",
           "spiffe://cluster.local/ns/ns/sa/sa",
           "spiffe://cluster.local/ns/istio-system/sa/ingress_gateway.v2",
           "spiffe://cluster.local/ns/Default/sa/Reviews",
           "spiffe://cluster.local/ns/.../sa/..a",
       }) {
    EXPECT_EQ(proven({uri(text)}), text);
  }
}

TEST(SpiffeId, parts) {
  auto id = parse_spiffe_id("spiffe://cluster.local/ns/shop/sa/cart");
  ASSERT_TRUE(id);
  EXPECT_EQ(*id, (SpiffeId{"cluster.local", "shop", "cart"}));
  EXPECT_NE(*id, *parse_spiffe_id("spiffe://cluster.local/ns/Shop/sa/cart")) << "case counts";
  EXPECT_NE(*id, *parse_spiffe_id("spiffe://cluster.local/ns/cart/sa/shop"));
}

TEST(SpiffeId, names_next_to_the_identity_do_not_hurt) {
  const std::string good = "spiffe://cluster.local/ns/default/sa/a";
  EXPECT_EQ(proven({uri(good), {Type::kDns, "a.default.svc", {}}}), good);
  EXPECT_EQ(proven({{Type::kIp, "10.0.0.1", {}}, uri(good)}), good);
  EXPECT_EQ(proven({uri(good)}, "spiffe://cluster.local/ns/default/sa/root"), good);
}

TEST(SpiffeId, texts_that_are_no_identity) {
  const std::string cases[] = {
      "",
      "spiffe:",
      "spiffe:/",
      "spiffe://",
      "spiffe:///",
      "spiffe:///ns/default/sa/a",
      "spiffe://cluster.local",
      "spiffe://cluster.local/",
      "spiffe://cluster.local/ns",
      "spiffe://cluster.local/ns/default",
      "spiffe://cluster.local/ns/default/sa",
      "spiffe://cluster.local/ns/default/sa/",
      "spiffe://cluster.local/ns//sa/a",
      "spiffe://cluster.local//ns/default/sa/a",
      "spiffe://cluster.local/ns/default//sa/a",
      "spiffe://cluster.local/ns/default/sa//a",
      "spiffe://cluster.local/ns/default/sa/a/",
      "spiffe://cluster.local/ns/default/sa/a/b",
      "spiffe://cluster.local/x/ns/default/sa/a",
      "spiffe://cluster.local/NS/default/sa/a",
      "spiffe://cluster.local/ns/default/SA/a",
      "spiffe://cluster.local/sa/a/ns/default",
      "spiffe://cluster.local/namespace/default/sa/a",
      "spiffe://cluster.local/ns/default/serviceaccount/a",
      "SPIFFE://cluster.local/ns/default/sa/a",
      "Spiffe://cluster.local/ns/default/sa/a",
      "spiffe://Cluster.Local/ns/default/sa/a",
      "spiffe://CLUSTER.LOCAL/ns/default/sa/a",
      "spiffe://cluster.local:443/ns/default/sa/a",
      "spiffe://cluster.local:/ns/default/sa/a",
      "spiffe://user@cluster.local/ns/default/sa/a",
      "spiffe://user:secret@cluster.local/ns/default/sa/a",
      "spiffe://@cluster.local/ns/default/sa/a",
      "spiffe://cluster.local/ns/default/sa/a?x=y",
      "spiffe://cluster.local/ns/default/sa/a?",
      "spiffe://cluster.local?/ns/default/sa/a",
      "spiffe://cluster.local/ns/default/sa/a#x",
      "spiffe://cluster.local/ns/default/sa/a#",
      "spiffe://cluster.local#/ns/default/sa/a",
      "spiffe://cluster.local/ns/default/sa/%61",
      "spiffe://cluster.local/ns/default%2Fsa%2Fa",
      "spiffe://cluster.local/ns/def%00ault/sa/a",
      "spiffe://cluster%2elocal/ns/default/sa/a",
      "spiffe://cluster.local/ns/./sa/a",
      "spiffe://cluster.local/ns/../sa/a",
      "spiffe://cluster.local/ns/default/sa/..",
      "spiffe://cluster.local/ns/default/sa/.",
      "spiffe://cluster.local/ns/other/../ns/default/sa/a",
      "spiffe://cluster.local/./ns/default/sa/a",
      "spiffe://cluster.local\\/ns/default/sa/a",
      "spiffe://cluster.local\\ns\\default\\sa\\a",
      "spiffe:\\\\cluster.local/ns/default/sa/a",
      "spiffe://cluster.local/ns/default/sa/a b",
      "spiffe://cluster.local/ns/default/sa/ a",
      " spiffe://cluster.local/ns/default/sa/a",
      "spiffe://cluster.local/ns/default/sa/a\n",
      "spiffe://cluster.local/ns/default/sa/a\t",
      std::string("spiffe://cluster.local/ns/default/sa/a\0", 39),
      std::string("spiffe://cluster.local\0.evil/ns/default/sa/a", 44),
      std::string("spiffe://cluster.local/ns/default/sa/a\0/x", 41),
      "spiffe://cluster.local/ns/default/sa/\xc3\xa4",
      "spiffe://clu\xd1\x95ter.local/ns/default/sa/a",  // a Cyrillic letter that looks like s
      "spiffe://cluster.local/ns/default/sa/*",
      "spiffe://*/ns/default/sa/a",
      "spiffe://cluster.local/ns/default/sa/a,spiffe://cluster.local/ns/default/sa/b",
      "spiffe://cluster.local/ns/default/sa/a;b",
      "spiffe://cluster.local/ns/default/sa/a:b",
      "spiffe://cluster.local/ns/default/sa/a@b",
      "spiffe://cluster.local/ns/default/sa/a~b",
      "spiffe://cluster.local/ns/default/sa/a+b",
      "spiffe://[::1]/ns/default/sa/a",
      "https://cluster.local/ns/default/sa/a",
      "spiffe//cluster.local/ns/default/sa/a",
      "spiffe:cluster.local/ns/default/sa/a",
      "spiffes://cluster.local/ns/default/sa/a",
      "xspiffe://cluster.local/ns/default/sa/a",
      "cluster.local/ns/default/sa/a",
      "//cluster.local/ns/default/sa/a",
      "spiffe://cluster.local/ns/default/sa/" + std::string(2048, 'a'),
      "spiffe://" + std::string(256, 'a') + "/ns/default/sa/a",
  };
  EXPECT_GE(std::size(cases), 60u);
  for (const std::string& text : cases) {
    EXPECT_FALSE(parse_spiffe_id(text)) << text;
    EXPECT_EQ(proven({uri(text)}), "") << text;
  }
}

TEST(SpiffeId, other_trust_domains_prove_nothing) {
  for (const char* domain :
       {"cluster.locale", "luster.local", "local", "cluster", "evil.cluster.local", "cluster.local.evil",
        "cluster.local.", ".cluster.local", "cluster-local", "cluster..local", "example", "new.example"}) {
    EXPECT_EQ(proven({uri("spiffe://" + std::string(domain) + "/ns/default/sa/a")}), "") << domain;
  }
}

TEST(SpiffeId, certificates_that_prove_nothing) {
  const std::string good = "spiffe://cluster.local/ns/default/sa/a";
  const std::vector<San> cases[] = {
      {},
      {uri(good), uri(good)},
      {uri(good), uri("spiffe://cluster.local/ns/default/sa/b")},
      {uri(good), uri("https://example.com/")},
      {uri("https://example.com/"), uri(good)},
      {uri(good), uri("")},
      {{Type::kDns, good, {}}},
      {{Type::kEmail, good, {}}},
      {{Type::kDns, "a.default.svc.cluster.local", {}}},
      {{Type::kOtherName, good, "1.3.6.1.4.1.311.20.2.3"}},
      {{Type::kIp, "10.0.0.1", {}}},
  };
  for (const auto& names : cases) EXPECT_EQ(proven(names), "");
  EXPECT_EQ(proven({}, good), "") << "the subject says nothing";
  EXPECT_EQ(proven({{Type::kDns, "a", {}}}, good), "");
}

TEST(SpiffeId, a_connection_proves_only_what_was_verified) {
  net::ConnectionInfo peer;
  EXPECT_FALSE(peer_identity(peer, kDomains)) << "clear text";
  auto certificate = std::make_shared<net::CertificateInfo>();
  certificate->uri_sans = {"spiffe://cluster.local/ns/default/sa/a"};
  auto with = [&](bool presented, bool validated) {
    auto tls = std::make_shared<net::TlsInfo>();
    tls->presented = presented;
    tls->validated = validated;
    tls->peer = certificate;
    peer.tls = tls;
    return peer_identity(peer, kDomains);
  };
  EXPECT_FALSE(with(false, false));
  EXPECT_FALSE(with(false, true));
  EXPECT_FALSE(with(true, false));
  EXPECT_TRUE(with(true, true));
}

}  // namespace
}  // namespace proa::mesh
