#include "redirect/ebpf_content.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace proa::redirect {
namespace {

bool says(const EbpfContent& content, proa_word word, uint32_t value) {
  return std::ranges::any_of(content.said, [&](const proa_said& said) {
    return said.word == static_cast<uint32_t>(word) && said.value == value;
  });
}

TEST(EbpfContent, has_what_the_options_say) {
  Options options;
  options.inbound_ports = {.list = {8080}};
  options.outbound_ranges = {.list = {*net::CidrRange::parse("10.0.0.0/8"), *net::CidrRange::parse("fd00::/16")}};
  options.capture_groups = {7};
  options.proxy_mark = 9;
  const EbpfContent content = ebpf_content(options, {*net::Address::parse_ip("10.9.0.2", 0)});
  EXPECT_EQ(content.config.inbound_port, 15006U);
  EXPECT_FALSE(content.config.all_inbound || content.config.all_outbound);
  EXPECT_TRUE(content.config.some_groups && content.config.ipv6);
  EXPECT_EQ(content.config.proxy_mark, 9U);
  EXPECT_TRUE(says(content, PROA_PROXY_UID, 1337) && says(content, PROA_PROXY_GID, 1337));
  EXPECT_TRUE(says(content, PROA_INBOUND_PORT, 8080) && says(content, PROA_CAPTURE_GROUP, 7));
  EXPECT_TRUE(says(content, PROA_EXCLUDE_INBOUND_PORT, 22) && says(content, PROA_EXCLUDE_INBOUND_PORT, 15090));
  ASSERT_EQ(content.included.size(), 2U);
  EXPECT_EQ(content.included[0].length, 32U + 8);
  EXPECT_EQ(content.included[0].family, htonl(4));
  EXPECT_EQ(content.included[0].ip[0], htonl(0x0a000000));
  EXPECT_EQ(content.included[1].length, 32U + 16);
  EXPECT_EQ(content.included[1].family, htonl(6));
  ASSERT_EQ(content.own.size(), 1U);
  EXPECT_EQ(content.own[0].length, 64U);
}

TEST(EbpfContent, anything_else_has_another_fingerprint) {
  const auto of = [](const Options& options, std::vector<net::Address> own = {}) {
    return ebpf_content(options, own).config.fingerprint;
  };
  const uint64_t plain = of({});
  EXPECT_EQ(of({}), plain);
  EXPECT_NE(of({}, {*net::Address::parse_ip("10.9.0.2", 0)}), plain);
  Options other;
  other.exclude_outbound_ports = {80};
  EXPECT_NE(of(other), plain);
  other = {};
  other.ipv6 = false;
  EXPECT_NE(of(other), plain);
  // The same number, said of something else.
  Options a, b;
  a.exclude_groups = {80};
  b.outbound_ports = {80};
  EXPECT_NE(of(a), of(b));
}

}  // namespace
}  // namespace proa::redirect
