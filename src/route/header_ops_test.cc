#include "route/header_ops.h"

#include <gtest/gtest.h>

#include "observe/metadata.h"

namespace proa::route {
namespace {

struct Fixture : testing::Test {
  Arena arena;
  http::HeaderList headers{arena};
  observe::StreamInfo info;
  std::string text() {
    std::string out;
    for (const http::Header& h : headers.all()) out += std::string(h.name) + "=" + std::string(h.value) + ";";
    return out;
  }
  std::string after(const HeaderOps& ops) {
    ops.apply(headers, info, arena);
    return text();
  }
};
using HeaderOpsTest = Fixture;

TEST_F(HeaderOpsTest, append_actions) {
  headers.add("a", "1");
  HeaderOps ops;
  ASSERT_TRUE(ops.add("A", "2"));
  ASSERT_TRUE(ops.add("a", "3", AppendAction::kAddIfAbsent));
  ASSERT_TRUE(ops.add("b", "4", AppendAction::kAddIfAbsent));
  ASSERT_TRUE(ops.add("c", "5", AppendAction::kOverwriteIfExists));
  ASSERT_TRUE(ops.add("d", "6", AppendAction::kOverwriteIfExistsOrAdd));
  EXPECT_EQ(after(ops), "a=1;a=2;b=4;d=6;");
  HeaderOps more;
  ASSERT_TRUE(more.add("a", "9", AppendAction::kOverwriteIfExistsOrAdd));
  ASSERT_TRUE(more.add("d", "7", AppendAction::kOverwriteIfExists));
  EXPECT_EQ(after(more), "a=9;b=4;d=7;");
}

TEST_F(HeaderOpsTest, removal_goes_before_addition_within_one_level) {
  headers.add("x", "client");
  HeaderOps ops;
  ASSERT_TRUE(ops.add("x", "ours"));
  ASSERT_TRUE(ops.remove("X"));
  EXPECT_EQ(after(ops), "x=ours;");
}

TEST_F(HeaderOpsTest, an_empty_value_adds_nothing_unless_kept) {
  HeaderOps ops;
  ASSERT_TRUE(ops.add("a", "%REQ(absent)%"));
  ASSERT_TRUE(ops.add("b", "", AppendAction::kAppendIfExistsOrAdd, true));
  EXPECT_EQ(after(ops), "b=;");
}

TEST_F(HeaderOpsTest, pseudo_headers_and_host_cannot_be_touched) {
  HeaderOps ops;
  EXPECT_FALSE(ops.add(":path", "/x"));
  EXPECT_FALSE(ops.add("Host", "x"));
  EXPECT_FALSE(ops.remove(":method"));
  EXPECT_FALSE(ops.remove("HOST"));
  EXPECT_FALSE(ops.add("bad name", "x"));
  EXPECT_FALSE(ops.add("x", "a\r\nb"));
  EXPECT_FALSE(ops.add("x", "a\r\n%PROTOCOL%"));
  EXPECT_FALSE(ops.add("x", "%NOPE%"));
}

// Threats D9: a value made of untrusted parts cannot split the message.
TEST_F(HeaderOpsTest, control_bytes_of_values_become_spaces) {
  observe::mutable_metadata(info, arena).root["ns"]["k"] = "a\r\nset-cookie: b";
  HeaderOps ops;
  ASSERT_TRUE(ops.add("x", "%DYNAMIC_METADATA(ns:k)%"));
  EXPECT_EQ(after(ops), "x=a  set-cookie: b;");
}

}  // namespace
}  // namespace proa::route
