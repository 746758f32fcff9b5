#include "mesh/translate/gateway_hosts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proa::mesh {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(GatewayHosts, a_pattern_covers_names_and_narrower_patterns) {
  EXPECT_TRUE(covered_by("a.example.com", "*.example.com"));
  EXPECT_TRUE(covered_by("*.a.example.com", "*.example.com"));
  EXPECT_TRUE(covered_by("*.example.com", "*"));
  EXPECT_FALSE(covered_by("example.com", "*.example.com"));
  EXPECT_FALSE(covered_by("*.example.com", "*.a.example.com"));
  EXPECT_FALSE(covered_by("*.example.com", "a.example.com"));
}

TEST(GatewayHosts, of_a_server_name_the_namespace_of_their_routes) {
  const Hosts hosts = server_hosts({"./a.com", "shop/b.com", "*/c.com", "d.com", "*/*"}, "edge");
  EXPECT_THAT(hosts, ElementsAre("edge/a.com", "shop/b.com", "c.com", "d.com", "*"));
  EXPECT_THAT(hosts_for(hosts, "edge"), ElementsAre("a.com", "c.com", "d.com", "*"));
  EXPECT_THAT(hosts_for(hosts, "shop"), ElementsAre("b.com", "c.com", "d.com", "*"));
}

TEST(GatewayHosts, in_common_are_the_narrower_ones) {
  EXPECT_THAT(common_hosts({"foo.com", "*.net"}, {"*.com", "bar.net", "b.bar.net"}),
              ElementsAre("foo.com", "bar.net", "b.bar.net"));
  EXPECT_THAT(common_hosts({"foo.com"}, {"bar.com"}), IsEmpty());
}

TEST(GatewayHosts, longer_names_come_first_and_wildcards_last) {
  EXPECT_TRUE(more_specific("aa.com", "b.com"));
  EXPECT_TRUE(more_specific("b.com", "*.aaa.com"));
  EXPECT_TRUE(more_specific("*.aaa.com", "*"));
  EXPECT_FALSE(more_specific("b.com", "b.com"));
}

}  // namespace
}  // namespace proa::mesh
