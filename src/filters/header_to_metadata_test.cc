#include <gtest/gtest.h>

#include "filters/all.h"
#include "filters/fake_exchange.h"
#include "observe/metadata.h"

namespace proa::filters {
namespace {

struct HeaderToMetadataTest : testing::Test {
  std::shared_ptr<HeaderToMetadataConfig> config = std::make_shared<HeaderToMetadataConfig>();
  FakeExchange x{make_header_to_metadata(config)};

  HeaderToMetadataConfig::Rule& rule(std::string header) {
    auto& made = config->request.emplace_back();
    made.header = std::move(header);
    HeaderToMetadataConfig::Entry entry;
    entry.space = "ns";
    entry.key = "key";
    made.present = std::move(entry);
    return made;
  }
  /// What the metadata has after the request, as JSON; "" when there is none.
  std::string written() {
    x.stream_info.dynamic_metadata = nullptr;
    EXPECT_EQ(x.request_head(), Verdict::kContinue);
    return x.stream_info.dynamic_metadata ? x.stream_info.dynamic_metadata->root.dump() : "";
  }
};

TEST_F(HeaderToMetadataTest, writes_what_a_header_has_and_takes_it_away) {
  rule("x-version").remove = true;
  EXPECT_EQ(written(), "");
  x.head.headers.add("x-version", "7");
  x.head.headers.add("x-version", "8");
  EXPECT_EQ(written(), R"({"ns":{"key":"7,8"}})");
  EXPECT_TRUE(x.head.headers.empty());
}

TEST_F(HeaderToMetadataTest, writes_what_stands_for_a_missing_one) {
  auto& made = rule("x-version");
  made.missing = made.present;
  made.missing->value = "none";
  EXPECT_EQ(written(), R"({"ns":{"key":"none"}})");
  x.head.headers.add("x-version", "");
  EXPECT_EQ(written(), "") << "it is there, and empty";
}

TEST_F(HeaderToMetadataTest, a_value_of_the_configuration_stands_in_place_of_the_headers) {
  rule("x-version").present->value = "given";
  x.head.headers.add("x-version", "7");
  EXPECT_EQ(written(), R"({"ns":{"key":"given"}})");
}

TEST_F(HeaderToMetadataTest, rewrites_by_a_regular_expression) {
  rule(":path").present->rewrite = http::RegexRewrite{*http::Regex::compile("^/([^/]*).*$"), "\\1"};
  x.head.path = "/tenant/a/b";
  EXPECT_EQ(written(), R"({"ns":{"key":"tenant"}})");
}

TEST_F(HeaderToMetadataTest, numbers_and_base64) {
  auto& present = *rule("x").present;
  present.number = true;
  for (auto [text, json] : {std::pair{" 1.5 ", R"({"ns":{"key":1.5}})"},
                            {"7", R"({"ns":{"key":7.0}})"},
                            {"7x", ""},
                            {"nan", ""},
                            {"1e999", ""}}) {
    x.head.headers.set("x", text);
    EXPECT_EQ(written(), json) << text;
  }
  present.number = false;
  present.base64 = true;
  x.head.headers.set("x", "Zm9v");
  EXPECT_EQ(written(), R"({"ns":{"key":"foo"}})");
  x.head.headers.set("x", "?");
  EXPECT_EQ(written(), "");
}

TEST_F(HeaderToMetadataTest, bytes_that_are_no_text_and_long_values_break_nothing) {
  rule("x");
  x.head.headers.set("x", "a\xff");
  EXPECT_EQ(written(), R"({"ns":{"key":"a!"}})");
  const std::string long_value(8 * 1024, 'a');
  x.head.headers.set("x", long_value);
  EXPECT_EQ(written(), "");
}

TEST_F(HeaderToMetadataTest, reads_cookies) {
  auto& made = rule("");
  made.cookie = "id";
  x.head.headers.add("cookie", "a=b; id=42");
  EXPECT_EQ(written(), R"({"ns":{"key":"42"}})");
}

TEST_F(HeaderToMetadataTest, a_routes_own_rules_stand_instead_and_responses_have_theirs) {
  rule("x");
  HeaderToMetadataConfig own;
  own.response = config->request;
  x.of_route = &own;
  x.head.headers.add("x", "request");
  EXPECT_EQ(written(), "");
  http::ResponseHead response(x.memory);
  response.headers.add("x", "response");
  x.response_head(response);
  EXPECT_EQ(x.stream_info.dynamic_metadata->root.dump(), R"({"ns":{"key":"response"}})");
}

}  // namespace
}  // namespace proa::filters
