#include "mesh/translate/peer_authentication.h"

#include <gtest/gtest.h>

#include "mesh/model/test_objects.h"

namespace proa::mesh {
namespace {

std::string peer(const std::string& name, const std::string& ns, const std::string& spec) {
  return "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: " + name +
         ", namespace: " + ns + "}\nspec: " + spec + "\n";
}

PeerModes modes(const std::string& objects) {
  ProxyNode node;
  node.ns = "shop";
  node.labels = {{"app", "a"}};
  return peer_modes(*world_of(objects), node);
}

const std::string kMesh = peer("default", "istio-system", "{mtls: {mode: STRICT}}");

TEST(PeerAuthentication, is_permissive_where_nobody_says_anything) {
  EXPECT_EQ(modes("").workload, MutualTls::permissive);
  EXPECT_EQ(modes(peer("x", "other", "{mtls: {mode: STRICT}}")).workload, MutualTls::permissive);
}

TEST(PeerAuthentication, the_nearest_level_decides) {
  EXPECT_EQ(modes(kMesh).workload, MutualTls::strict);
  EXPECT_EQ(modes(kMesh + peer("ns", "shop", "{mtls: {mode: DISABLE}}")).workload, MutualTls::disable);
  EXPECT_EQ(
      modes(kMesh + peer("own", "shop", "{selector: {matchLabels: {app: a}}, mtls: {mode: PERMISSIVE}}")).workload,
      MutualTls::permissive);
  EXPECT_EQ(modes(kMesh + peer("own", "shop", "{selector: {matchLabels: {app: b}}, mtls: {mode: DISABLE}}")).workload,
            MutualTls::strict);
}

TEST(PeerAuthentication, what_is_unset_is_inherited) {
  EXPECT_EQ(modes(kMesh + peer("ns", "shop", "{mtls: {mode: UNSET}}")).workload, MutualTls::strict);
  EXPECT_EQ(modes(kMesh + peer("ns", "shop", "{}")).workload, MutualTls::strict);
}

TEST(PeerAuthentication, a_port_decides_for_itself) {
  const PeerModes made = modes(kMesh + peer("own", "shop",
                                            "{selector: {matchLabels: {app: a}}, portLevelMtls: {80: {mode: DISABLE}, "
                                            "81: {mode: UNSET}}}"));
  EXPECT_EQ(made.of(80), MutualTls::disable);
  EXPECT_EQ(made.of(81), MutualTls::strict);
  EXPECT_EQ(made.of(82), MutualTls::strict);
}

TEST(PeerAuthentication, a_selector_in_the_root_namespace_is_for_nobody) {
  EXPECT_EQ(modes(peer("own", "istio-system", "{selector: {matchLabels: {app: a}}, mtls: {mode: STRICT}}")).workload,
            MutualTls::permissive);
}

}  // namespace
}  // namespace proa::mesh
