#include "config/nearest_name.h"

#include <gtest/gtest.h>

namespace proa::config {
namespace {

using Names = std::vector<std::string>;

TEST(NearestNames, finds_a_typing_error) {
  EXPECT_EQ(nearest_names("adress", {"address", "name", "access_log"}), Names{"address"});
  EXPECT_EQ(nearest_names("naem", {"address", "name"}), Names{"name"});
}

TEST(NearestNames, ignores_case_and_word_breaks) {
  EXPECT_EQ(nearest_names("round-robin", {"ROUND_ROBIN", "RANDOM"}), Names{"ROUND_ROBIN"});
}

TEST(NearestNames, finds_a_name_within_a_longer_one) {
  EXPECT_EQ(nearest_names("timeout", {"connect_timeout", "name"}), Names{"connect_timeout"});
}

TEST(NearestNames, says_nothing_when_nothing_is_close) {
  EXPECT_TRUE(nearest_names("banana", {"address", "name"}).empty());
  EXPECT_TRUE(nearest_names("", {"address"}).empty());
  EXPECT_TRUE(nearest_names(std::string(10000, 'a'), {"address"}).empty());
}

TEST(NearestTypes, finds_the_v3_name_of_a_v2_type) {
  const Names known = {"envoy.extensions.filters.http.router.v3.Router", "envoy.extensions.filters.http.cors.v3.Cors",
                       "envoy.extensions.filters.http.lua.v3.Lua"};
  EXPECT_EQ(nearest_types("envoy.config.filter.http.router.v2.Router", known), Names{known[0]});
  EXPECT_EQ(nearest_types("envoy.extensions.filters.http.router.v3.Ruoter", known), Names{known[0]});
}

TEST(NearestTypes, same_last_part_of_a_strange_package_is_no_match) {
  EXPECT_TRUE(nearest_types("com.acme.plugin.wow.Config", {"envoy.extensions.a.v3.Config"}).empty());
  EXPECT_TRUE(nearest_types("stats.PluginConfig", {"envoy.extensions.wasm.v3.PluginConfig"}).empty());
}

TEST(DidYouMean, lists_the_names) {
  EXPECT_EQ(did_you_mean({"a", "b", "c"}), "did you mean 'a', 'b' or 'c'?");
  EXPECT_EQ(did_you_mean({}), "");
}

}  // namespace
}  // namespace proa::config
