#include "mesh/ca/node_identity.h"

#include <gtest/gtest.h>

#include "envoy/config/core/v3/base.pb.h"

namespace proa::mesh {
namespace {

const std::vector<std::string> kDomains{"cluster.local"};

Node node(const std::string& name_space, const std::string& account) {
  auto message = std::make_shared<envoy::config::core::v3::Node>();
  auto& fields = *message->mutable_metadata()->mutable_fields();
  if (!name_space.empty()) fields["NAMESPACE"].set_string_value(name_space);
  if (!account.empty()) fields["SERVICE_ACCOUNT"].set_string_value(account);
  Node out;
  out.message = std::move(message);
  return out;
}

net::ConnectionInfo peer(const std::string& uri) {
  auto certificate = std::make_shared<net::CertificateInfo>();
  certificate->uri_sans = {uri};
  auto tls = std::make_shared<net::TlsInfo>();
  tls->presented = tls->validated = true;
  tls->peer = std::move(certificate);
  net::ConnectionInfo out;
  out.tls = std::move(tls);
  return out;
}

TEST(NodeIdentity, is_that_of_the_certificate) {
  const std::string shop = "spiffe://cluster.local/ns/default/sa/shop";
  EXPECT_EQ(node_identity(peer(shop), node("default", "shop"), kDomains), shop);
  EXPECT_EQ(node_identity(peer(shop), node("", ""), kDomains), shop);
  EXPECT_EQ(node_identity(net::ConnectionInfo(), node("default", "shop"), kDomains), "") << "clear text proves nothing";
}

TEST(NodeIdentity, a_node_may_not_be_another) {
  const std::string shop = "spiffe://cluster.local/ns/default/sa/shop";
  EXPECT_FALSE(node_identity(peer(shop), node("other", "shop"), kDomains));
  EXPECT_FALSE(node_identity(peer(shop), node("default", "other"), kDomains));
  EXPECT_FALSE(node_identity(peer(shop), node("Default", "shop"), kDomains));
  EXPECT_FALSE(node_identity(peer(shop), node("", "cart"), kDomains));
  EXPECT_FALSE(node_identity(peer("spiffe://other/ns/default/sa/shop"), node("default", "shop"), kDomains));
  EXPECT_FALSE(node_identity(peer("spiffe://cluster.local/ns/default"), node("", ""), kDomains));
}

TEST(NodeIdentity, what_is_no_text_is_another) {
  Node odd = node("", "");
  auto message = std::make_shared<envoy::config::core::v3::Node>(*odd.message);
  (*message->mutable_metadata()->mutable_fields())["NAMESPACE"].set_number_value(1);
  odd.message = std::move(message);
  EXPECT_FALSE(node_identity(peer("spiffe://cluster.local/ns/default/sa/shop"), odd, kDomains));
}

}  // namespace
}  // namespace proa::mesh
