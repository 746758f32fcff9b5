#include "net/tls/digest.h"

#include <gtest/gtest.h>

namespace proa::net::tls {
namespace {

TEST(Digest, sha1_of_fips_180) {
  EXPECT_EQ(sha1("abc"), "\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\x25\x71\x78\x50\xc2\x6c\x9c\xd0\xd8\x9d");
}

TEST(Digest, compares) {
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
}

}  // namespace
}  // namespace proa::net::tls
