#include "redirect/nft_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proa::redirect {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string text_of(const Options& options) { return nft_replace_text(rules_of(options), options); }

TEST(NftText, one_transaction_replaces_one_table_for_both_families) {
  const std::string text = text_of({});
  EXPECT_THAT(text, StartsWith("add table inet proa\ndelete table inet proa\ntable inet proa {\n"));
  EXPECT_THAT(text, HasSubstr("\tchain nat_output {\n"
                              "\t\ttype nat hook output priority -100; policy accept;\n"
                              "\t\toifname \"lo\" ip saddr 127.0.0.6 return\n"
                              "\t\toifname \"lo\" ip6 saddr ::6 return\n"
                              "\t\toifname \"lo\" ip daddr != 127.0.0.1 tcp dport != 15008 meta skuid 1337 jump "
                              "nat_in_redirect\n"));
  EXPECT_THAT(text, HasSubstr("\t\toifname \"lo\" meta skuid != 1337 meta skgid != 1337 return\n"));
  EXPECT_THAT(text, HasSubstr("\t\tmeta l4proto tcp counter redirect to :15001\n"));
  EXPECT_THAT(text, Not(HasSubstr("mangle")));
  EXPECT_LT(text.find("chain nat_in_redirect"), text.find("jump nat_in_redirect"));
}

TEST(NftText, without_ipv6_it_passes_by) {
  Options options;
  options.ipv6 = false;
  const std::string text = text_of(options);
  EXPECT_THAT(text, HasSubstr("policy accept;\n\t\tmeta nfproto ipv6 return\n"));
  EXPECT_THAT(text, Not(HasSubstr("ip6 ")));
}

TEST(NftText, tproxy_and_dns) {
  Options options;
  options.mode = Mode::tproxy;
  options.dns = options.all_dns = true;
  options.exclude_interfaces = {"veth+"};
  options.proxy_mark = 9;
  const std::string text = text_of(options);
  EXPECT_THAT(text,
              HasSubstr("ip6 daddr != ::1 meta l4proto tcp counter tproxy ip6 to :15006 meta mark set 1337 accept\n"));
  EXPECT_THAT(text, HasSubstr("type route hook output priority -150; policy accept;\n"));
  EXPECT_THAT(text, HasSubstr("udp sport 15053 meta mark 9 ct zone set 2\n"));
  EXPECT_THAT(text, HasSubstr("tcp dport != { 53, 15008 } meta skuid 1337 jump"));
  EXPECT_THAT(text, HasSubstr("iifname \"veth*\" return\n"));
}

TEST(NftText, without_hooks_no_packet_comes) {
  const std::string text = nft_table_text(rules_of({}), {}, "beside", false);
  EXPECT_THAT(text, StartsWith("table inet beside {\n"));
  EXPECT_THAT(text, Not(HasSubstr("hook")));
}

}  // namespace
}  // namespace proa::redirect
