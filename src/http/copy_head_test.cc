#include "http/copy_head.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace proa::http {
namespace {

TEST(CopyHead, outlives_the_original) {
  Arena kept;
  RequestHead* copy = nullptr;
  {
    auto first = std::make_unique<Arena>();
    std::string path = "/a?b", value = "v";
    RequestHead head(*first);
    head.method = "GET";
    head.method_id = Method::kGet;
    head.authority = "host.test";
    head.path = path;
    head.version = Version::kHttp2;
    head.headers.add({"x-secret", value, HeaderId::kOther, /*sensitive=*/true});
    head.headers.add("user-agent", value);
    copy = &copy_head(head, kept);
    path = "/changed";
    value = "w";
  }
  EXPECT_EQ(copy->method_id, Method::kGet);
  EXPECT_EQ(copy->authority, "host.test");
  EXPECT_EQ(copy->path, "/a?b");
  EXPECT_EQ(copy->version, Version::kHttp2);
  ASSERT_EQ(copy->headers.size(), 2U);
  EXPECT_EQ(copy->headers.all()[0].value, "v");
  EXPECT_TRUE(copy->headers.all()[0].sensitive);
  EXPECT_EQ(copy->headers.value(HeaderId::kUserAgent), "v");
}

}  // namespace
}  // namespace proa::http
