#include "proxy/tlv_metadata.h"

#include <gtest/gtest.h>

namespace proa::proxy {
namespace {

const std::vector<TlvRule> kRules{{0xea, "aws", "endpoint"}, {0x02, "pp", "authority"}};

TEST(TlvMetadata, what_the_rules_name_and_nothing_else) {
  const std::vector<net::ProxyTlv> tlvs{{0x02, "shop.test"}, {0x05, "id"}, {0xea, "vpce-1"}, {0x02, "again"}};
  auto metadata = tlv_metadata(kRules, tlvs);
  ASSERT_TRUE(metadata);
  EXPECT_EQ(metadata->root,
            nlohmann::json::parse(R"({"aws": {"endpoint": "vpce-1"}, "pp": {"authority": "shop.test"}})"));
  EXPECT_FALSE(tlv_metadata(kRules, std::vector<net::ProxyTlv>{{0x05, "id"}}));
  EXPECT_FALSE(tlv_metadata({}, tlvs));
}

TEST(TlvMetadata, bytes_that_are_no_text_cannot_break_a_log) {
  const std::vector<net::ProxyTlv> tlvs{{0x02, "a\xff\xc3"}};
  EXPECT_EQ(tlv_metadata(kRules, tlvs)->root["pp"]["authority"], "a!!");
}

}  // namespace
}  // namespace proa::proxy
