#include "grpc/frame.h"

#include <gtest/gtest.h>

#include <vector>

namespace proa::grpc {
namespace {

std::vector<std::string> read(FrameReader& reader, std::string_view bytes) {
  std::vector<std::string> out;
  reader.push(bytes, [&](std::string_view message, bool) { out.emplace_back(message); });
  return out;
}

std::string frame(std::string_view message) {
  std::string out;
  append_frame(message, false, out);
  return out;
}

TEST(FrameReader, cuts_a_body_into_messages) {
  FrameReader reader;
  EXPECT_EQ(read(reader, frame("one") + frame("") + frame("three")), (std::vector<std::string>{"one", "", "three"}));
  EXPECT_TRUE(reader.at_boundary());
}

TEST(FrameReader, joins_messages_that_come_byte_by_byte) {
  FrameReader reader;
  std::vector<std::string> all;
  for (char byte : frame("hello") + frame("")) {
    for (auto& message : read(reader, {&byte, 1})) all.push_back(message);
  }
  EXPECT_EQ(all, (std::vector<std::string>{"hello", ""}));
}

TEST(FrameReader, knows_that_a_message_is_incomplete) {
  FrameReader reader;
  read(reader, frame("hello").substr(0, 7));
  EXPECT_FALSE(reader.at_boundary());
}

TEST(FrameReader, refuses_a_length_over_the_limit_before_it_holds_a_byte) {
  FrameReader reader(4);
  EXPECT_TRUE(read(reader, frame("12345")).empty());
  EXPECT_EQ(reader.state(), FrameReader::State::kTooLarge);
}

TEST(FrameReader, refuses_unknown_flags) {
  FrameReader reader;
  read(reader, std::string("\2\0\0\0\0", 5));
  EXPECT_EQ(reader.state(), FrameReader::State::kBadFlag);
}

TEST(FrameReader, tells_of_compression) {
  FrameReader reader;
  std::string bytes;
  append_frame("x", true, bytes);
  bool was = false;
  reader.push(bytes, [&](std::string_view, bool compressed) { was = compressed; });
  EXPECT_TRUE(was);
}

}  // namespace
}  // namespace proa::grpc
