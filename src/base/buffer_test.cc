#include "base/buffer.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace proa {
namespace {

std::string text_of(std::span<const iovec> pieces) {
  std::string text;
  for (const iovec& piece : pieces) text.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  return text;
}

TEST(Buffer, shows_its_blocks_from_an_offset_on) {
  Buffer buffer;
  std::string all;
  for (int i = 0; i < 100'000; ++i) all += static_cast<char>('a' + i % 26);
  buffer.append(all);
  std::array<iovec, 3> few;
  std::string seen;
  while (seen.size() < all.size()) {
    const size_t count = buffer.peek(few, seen.size());
    ASSERT_GT(count, 0U);
    seen += text_of(std::span(few).first(count));
  }
  EXPECT_EQ(seen, all);
  EXPECT_EQ(buffer.peek(few, all.size()), 0U);
}

TEST(Buffer, an_offset_counts_from_what_was_not_drained) {
  Buffer buffer;
  buffer.append(std::string(20'000, 'x') + "yz");
  buffer.drain(10);
  std::array<iovec, 4> pieces;
  const size_t count = buffer.peek(pieces, 19'990);
  EXPECT_EQ(text_of(std::span(pieces).first(count)), "yz");
}

}  // namespace
}  // namespace proa
