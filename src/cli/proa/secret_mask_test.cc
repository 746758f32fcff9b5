#include "cli/proa/secret_mask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proa::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(SecretMask, tells_which_values_differ_and_none_of_them) {
  std::string before = "kind: Secret\ndata:\n  a: b25l\n  b: dHdv\n", after = before + "  c: dGhyZWU=\n";
  after.replace(after.find("dHdv"), 4, "b3RoZXI=");
  ASSERT_TRUE(mask_secrets(before, after));
  EXPECT_EQ(before, "kind: Secret\ndata:\n  \"a\": \"***\"\n  \"b\": \"*** (before)\"\n");
  EXPECT_EQ(after, "kind: Secret\ndata:\n  \"a\": \"***\"\n  \"b\": \"*** (after)\"\n  \"c\": \"***\"\n");
}

TEST(SecretMask, a_new_secret_is_masked_too) {
  std::string before, after = "kind: Secret\nstringData:\n  key: |\n    -----BEGIN\n    abc\ntype: Opaque\n";
  ASSERT_TRUE(mask_secrets(before, after));
  EXPECT_EQ(before, "");
  EXPECT_EQ(after, "kind: Secret\nstringData:\n  \"key\": \"***\"\ntype: Opaque\n");
}

}  // namespace
}  // namespace proa::cli
