#include "base/short_copy.h"

#include <gtest/gtest.h>

#include <string>

namespace proa {
namespace {

TEST(ShortCopy, copies_exactly_its_bytes) {
  for (size_t size = 0; size < 70; ++size) {
    std::string from;
    for (size_t i = 0; i < size; ++i) from += static_cast<char>('0' + i);
    std::string to(size + 2, '.');
    EXPECT_EQ(copy_short(to.data() + 1, from.data(), size), to.data() + 1 + size);
    EXPECT_EQ(to, "." + from + ".");
  }
}

TEST(ShortCopy, sees_every_difference) {
  for (size_t size = 0; size < 70; ++size) {
    std::string a(size, 'a');
    EXPECT_TRUE(equal_short(a.data(), std::string(a).data(), size));
    for (size_t i = 0; i < size; ++i) {
      std::string b = a;
      b[i] = 'b';
      EXPECT_FALSE(equal_short(a.data(), b.data(), size)) << i << " of " << size;
    }
  }
}

}  // namespace
}  // namespace proa
