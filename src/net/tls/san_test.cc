#include "net/tls/san.h"

#include <gtest/gtest.h>

namespace proa::net::tls {
namespace {

using Type = SanMatcher::Type;
using Match = SanMatcher::Match;

San dns(std::string value) { return {Type::kDns, std::move(value), {}}; }
San uri(std::string value) { return {Type::kUri, std::move(value), {}}; }

TEST(San, dns_wildcards_stand_for_one_whole_first_label) {
  SanMatcher matcher{.type = Type::kDns, .value = "a.example.com"};
  EXPECT_TRUE(matches(matcher, dns("a.example.com")));
  EXPECT_TRUE(matches(matcher, dns("A.Example.COM")));
  EXPECT_TRUE(matches(matcher, dns("*.example.com")));
  for (std::string name : {"*.com", "*", "a*.example.com", "*a.example.com", "a.*.com", "*.a.example.com", "*.*.com",
                           "example.com", "b.example.com"}) {
    EXPECT_FALSE(matches(matcher, dns(name))) << name;
  }
  SanMatcher deep{.type = Type::kDns, .value = "a.b.example.com"};
  EXPECT_FALSE(matches(deep, dns("*.example.com")));
  SanMatcher bare{.type = Type::kDns, .value = ".example.com"};
  EXPECT_FALSE(matches(bare, dns("*.example.com")));
}

TEST(San, types_never_match_each_other) {
  for (Type type : {Type::kDns, Type::kUri, Type::kEmail, Type::kIp}) {
    SanMatcher matcher{.type = type, .value = "10.0.0.1"};
    for (Type other : {Type::kDns, Type::kUri, Type::kEmail, Type::kIp}) {
      EXPECT_EQ(matches(matcher, {other, "10.0.0.1", {}}), type == other);
    }
  }
}

TEST(San, a_name_with_nul_never_matches) {
  std::string evil("a.example.com\0.evil.org", 22);
  for (Match match : {Match::kExact, Match::kPrefix, Match::kContains}) {
    EXPECT_FALSE(matches({.type = Type::kDns, .match = match, .value = "a.example.com"}, dns(evil)));
    EXPECT_FALSE(matches({.type = Type::kUri, .match = match, .value = "a.example.com"}, uri(evil)));
  }
}

TEST(San, comparisons_take_the_full_length) {
  San id = uri("spiffe://td/ns/a/sa/b");
  EXPECT_TRUE(matches({.value = "spiffe://td/ns/a/sa/b"}, id));
  EXPECT_FALSE(matches({.value = "spiffe://td/ns/a/sa/"}, id));
  EXPECT_FALSE(matches({.value = "spiffe://td/ns/a/sa/bc"}, id));
  EXPECT_FALSE(matches({.value = "SPIFFE://td/ns/a/sa/b"}, id));
  EXPECT_TRUE(matches({.match = Match::kPrefix, .value = "spiffe://td/"}, id));
  EXPECT_FALSE(matches({.match = Match::kPrefix, .value = "spiffe://td/"}, uri("spiffe://td.evil/")));
  EXPECT_TRUE(matches({.match = Match::kSuffix, .value = "/sa/b"}, id));
  EXPECT_TRUE(matches({.match = Match::kContains, .value = "/ns/a/"}, id));
  EXPECT_TRUE(matches({.match = Match::kCustom, .custom = [](std::string_view v) { return v.size() == 21; }}, id));
  EXPECT_TRUE(matches({.value = "SPIFFE://TD/ns/a/sa/b", .ignore_case = true}, id));
}

TEST(San, addresses_are_compared_as_addresses) {
  SanMatcher matcher{.type = Type::kIp, .value = "2001:DB8:0::1"};
  EXPECT_TRUE(matches(matcher, {Type::kIp, "2001:db8::1", {}}));
}

TEST(San, other_names_need_their_oid) {
  SanMatcher matcher{.type = Type::kOtherName, .value = "x", .oid = "1.2.3"};
  EXPECT_TRUE(matches(matcher, {Type::kOtherName, "x", "1.2.3"}));
  EXPECT_FALSE(matches(matcher, {Type::kOtherName, "x", "1.2.4"}));
}

TEST(San, two_spiffe_identities_are_none) {
  std::vector<SanMatcher> matchers{{.value = "spiffe://td/a"}, {.type = Type::kDns, .value = "host"}};
  std::vector<San> one{uri("spiffe://td/a"), uri("https://x")};
  EXPECT_TRUE(matches_any(matchers, one));
  EXPECT_EQ(spiffe_id(one), "spiffe://td/a");
  EXPECT_EQ(trust_domain(spiffe_id(one)), "td");
  std::vector<San> two{uri("spiffe://td/a"), uri("spiffe://td/b")};
  EXPECT_FALSE(matches_any(matchers, two));
  EXPECT_EQ(spiffe_id(two), "");
  two.push_back(dns("host"));
  EXPECT_TRUE(matches_any(matchers, two));
}

}  // namespace
}  // namespace proa::net::tls
