#include <gtest/gtest.h>

#include "filters/all.h"
#include "filters/fake_exchange.h"
#include "observe/registry.h"

namespace proa::filters {
namespace {

struct CsrfTest : testing::Test {
  enum { kMissing, kInvalid, kValid };
  observe::Registry registry;
  std::shared_ptr<observe::StatGroup> stats =
      std::make_shared<observe::StatGroup>(registry, kCsrfSchema, observe::StatName{"main", {}});
  std::shared_ptr<CsrfConfig> config = std::make_shared<CsrfConfig>();

  /// A POST to shop.test:8080.
  Verdict post(std::initializer_list<std::pair<std::string_view, std::string_view>> headers,
               http::Method method = http::Method::kPost) {
    FakeExchange x(make_csrf(config, stats));
    x.head.method_id = method;
    x.head.authority = "shop.test:8080";
    for (auto [name, value] : headers) x.head.headers.add(name, value);
    const Verdict verdict = x.request_head();
    if (verdict == Verdict::kDone) {
      EXPECT_EQ(x.reply->status, 403);
      EXPECT_EQ(x.reply->details, "csrf_origin_mismatch");
    }
    return verdict;
  }
};

TEST_F(CsrfTest, a_page_of_the_same_host_and_port_may_change_things) {
  EXPECT_EQ(post({{"origin", "http://shop.test:8080"}}), Verdict::kContinue);
  EXPECT_EQ(post({{"origin", "https://SHOP.test:8080"}}), Verdict::kContinue);
  EXPECT_EQ(post({{"referer", "http://shop.test:8080/a?b#c"}}), Verdict::kContinue);
  EXPECT_EQ(stats->value(kValid), 3);
}

TEST_F(CsrfTest, any_other_page_may_not) {
  for (std::string_view origin : {"http://evil.test", "http://shop.test", "http://shop.test:8080.evil.test", "null",
                                  "http://shop.test:8080@evil.test", "http://evil.test/http://shop.test:8080",
                                  "http://evil.test\\@shop.test:8080"}) {
    EXPECT_EQ(post({{"origin", origin}}), Verdict::kDone) << origin;
  }
  EXPECT_EQ(post({{"origin", "http://evil.test"}, {"referer", "http://shop.test:8080/"}}), Verdict::kDone);
  EXPECT_EQ(stats->value(kInvalid), 8);
  EXPECT_EQ(stats->value(kMissing), 0);
}

TEST_F(CsrfTest, without_an_origin_nothing_is_changed) {
  EXPECT_EQ(post({}), Verdict::kDone);
  EXPECT_EQ(stats->value(kMissing), 1);
  EXPECT_EQ(stats->value(kInvalid), 0);
}

TEST_F(CsrfTest, only_methods_that_change_something_are_asked) {
  EXPECT_EQ(post({}, http::Method::kGet), Verdict::kContinue);
  EXPECT_EQ(post({}, http::Method::kOptions), Verdict::kContinue);
  for (http::Method method : {http::Method::kPut, http::Method::kDelete, http::Method::kPatch}) {
    EXPECT_EQ(post({}, method), Verdict::kDone);
  }
}

TEST_F(CsrfTest, additional_origins_are_matched_without_their_scheme) {
  config->additional_origins.push_back(http::StringMatcher::exact("friend.test"));
  EXPECT_EQ(post({{"origin", "http://friend.test"}}), Verdict::kContinue);
  EXPECT_EQ(post({{"origin", "http://friend.test:1"}}), Verdict::kDone);
}

TEST_F(CsrfTest, the_shadow_counts_and_lets_pass) {
  config->enabled.fallback = {0, 100};
  EXPECT_EQ(post({{"origin", "http://evil.test"}}), Verdict::kContinue);
  EXPECT_EQ(stats->value(kInvalid), 0) << "off";
  config->shadow = route::Fraction{};
  EXPECT_EQ(post({{"origin", "http://evil.test"}}), Verdict::kContinue);
  EXPECT_EQ(stats->value(kInvalid), 1);
}

}  // namespace
}  // namespace proa::filters
