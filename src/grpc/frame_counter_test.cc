#include "grpc/frame_counter.h"

#include <gtest/gtest.h>

#include <string>

namespace proa::grpc {
namespace {

TEST(FrameCounter, counts_messages_however_they_are_cut) {
  std::string body;
  for (std::string_view message : {"", "a", "twenty bytes or so..", ""}) append_frame(message, false, body);
  append_frame(std::string(70'000, 'x'), true, body);
  for (size_t piece : {size_t{1}, size_t{2}, size_t{7}, size_t{4096}, body.size()}) {
    FrameCounter counter;
    uint64_t begun = 0;
    for (size_t at = 0; at < body.size(); at += piece) begun += counter.push(std::string_view(body).substr(at, piece));
    EXPECT_EQ(counter.count(), 5U) << piece;
    EXPECT_EQ(begun, 5U) << piece;
  }
}

TEST(FrameCounter, a_message_counts_with_its_header) {
  FrameCounter counter;
  EXPECT_EQ(counter.push(std::string_view("\0\0\0\0", 4)), 0U);
  EXPECT_EQ(counter.push("\x05"), 1U);
  EXPECT_EQ(counter.push("12345"), 0U);
}

}  // namespace
}  // namespace proa::grpc
