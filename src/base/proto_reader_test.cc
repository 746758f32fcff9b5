#include "base/proto_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace proa {
namespace {

using namespace std::string_view_literals;

/// "field:value" for each field, and "!" at the end of what is broken.
std::string read(std::string_view message) {
  std::string out;
  ProtoReader fields(message);
  while (fields.next()) {
    out += std::to_string(fields.field()) + ":";
    out += fields.is_bytes(fields.field()) ? std::string(fields.bytes()) : std::to_string(fields.number());
    out += " ";
  }
  return out + (fields.failed() ? "!" : "");
}

TEST(ProtoReader, reads_every_kind_of_field) {
  EXPECT_EQ(read(""), "");
  EXPECT_EQ(read("\x08\x96\x01"), "1:150 ");
  EXPECT_EQ(read("\x12\x07testing"), "2:testing ");
  EXPECT_EQ(read("\x0d\x01\x00\x00\x00\x11\x02\x00\x00\x00\x00\x00\x00\x00"sv), "1:1 2:2 ");
  EXPECT_EQ(read("\x82\x01\x00\x08\x00"sv), "16: 1:0 ");
}

TEST(ProtoReader, stops_at_what_is_broken) {
  EXPECT_EQ(read("\x12\x08testing"), "!");                                   // shorter than it says
  EXPECT_EQ(read("\x08"), "!");                                              // no value
  EXPECT_EQ(read("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "!");  // longer than 64 bits
  EXPECT_EQ(read("\x0b\x08\x01\x0c"), "!");                                  // a group
  EXPECT_EQ(read("\x00\x01"sv), "!");                                        // field 0
  EXPECT_EQ(read("\x08\x01\x11\x02"), "1:1 !");
}

}  // namespace
}  // namespace proa
