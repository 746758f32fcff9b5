#include <gtest/gtest.h>

#include "filters/all.h"
#include "filters/fake_exchange.h"

namespace proa::filters {
namespace {

std::shared_ptr<BufferConfig> at_most(size_t bytes) {
  auto config = std::make_shared<BufferConfig>();
  config->max_bytes = bytes;
  return config;
}

TEST(BufferRequest, a_request_without_body_goes_on) {
  FakeExchange x(make_buffer(at_most(10)));
  EXPECT_EQ(x.request_head(true), Verdict::kContinue);
  EXPECT_FALSE(x.buffer_limit);
}

TEST(BufferRequest, waits_for_the_whole_body_and_tells_its_length) {
  FakeExchange x(make_buffer(at_most(10)));
  EXPECT_EQ(x.request_head(false), Verdict::kWait);
  EXPECT_EQ(x.buffer_limit, 10U);
  Buffer first, rest;
  first.append("abc");
  x.filter().on_request_data(x, first, false);
  EXPECT_EQ(x.resumed, 0);
  x.buffered = 3;
  rest.append("de");
  x.filter().on_request_data(x, rest, true);
  EXPECT_EQ(x.resumed, 1);
  EXPECT_EQ(x.head.headers.value(http::HeaderId::kContentLength), "5");
}

TEST(BufferRequest, a_routes_limit_stands_instead) {
  auto own = at_most(4);
  FakeExchange x(make_buffer(at_most(10)));
  x.of_route = own.get();
  x.request_head(false);
  EXPECT_EQ(x.buffer_limit, 4U);
}

}  // namespace
}  // namespace proa::filters
