#include "http/headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/message.h"

namespace proa::http {
namespace {

std::vector<std::string> lines(const HeaderList& headers) {
  std::vector<std::string> result;
  for (const Header& header : headers.all())
    result.push_back(std::string(header.name) + ":" + std::string(header.value));
  return result;
}

TEST(HeaderId, every_known_name_has_its_own) {
  for (int i = 1; i < static_cast<int>(HeaderId::kCount); ++i) {
    auto id = static_cast<HeaderId>(i);
    EXPECT_EQ(header_id(header_name(id)), id) << header_name(id);
    std::string near(header_name(id));
    near.back() = near.back() == 'q' ? 'z' : 'q';
    EXPECT_EQ(header_id(near), HeaderId::kOther) << near;
    EXPECT_EQ(header_id(near + "x"), HeaderId::kOther);
  }
}

TEST(HeaderId, is_other_for_unknown_names) {
  for (std::string_view name : {"", "x", "Host", "hos", "hostt", "x-request-ie", "content-length "}) {
    EXPECT_EQ(header_id(name), HeaderId::kOther) << name;
  }
  EXPECT_EQ(header_id(std::string(100'000, 'a')), HeaderId::kOther);
}

TEST(HeaderList, keeps_order_and_grows) {
  Arena arena;
  HeaderList headers(arena);
  for (int i = 0; i < 200; ++i) headers.add(arena.copy("x-" + std::to_string(i)), "v");
  ASSERT_EQ(headers.size(), 200u);
  for (size_t i = 0; i < 200; ++i) EXPECT_EQ(headers.all()[i].name, "x-" + std::to_string(i));
}

TEST(HeaderList, finds_by_id_and_by_name) {
  Arena arena;
  HeaderList headers(arena);
  headers.add("x-custom", "1");
  headers.add(HeaderId::kAccept, "a");
  headers.add("accept", "b");
  EXPECT_EQ(headers.value(HeaderId::kAccept), "a");
  EXPECT_EQ(headers.find("accept")->value, "a");
  EXPECT_EQ(headers.find("x-custom")->value, "1");
  EXPECT_EQ(headers.find("x-other"), nullptr);
  EXPECT_EQ(headers.count(HeaderId::kAccept), 2u);
  EXPECT_TRUE(headers.has(HeaderId::kAccept));
  EXPECT_FALSE(headers.has(HeaderId::kHost));
}

TEST(HeaderList, sets_the_first_and_removes_the_others) {
  Arena arena;
  HeaderList headers(arena);
  for (auto [name, value] :
       {std::pair<const char*, const char*>{"a", "1"}, {"accept", "2"}, {"a", "3"}, {"accept", "4"}}) {
    headers.add(name, value);
  }
  headers.set(HeaderId::kAccept, "new");
  headers.set("a", "newer");
  headers.set("b", "appended");
  EXPECT_THAT(lines(headers), testing::ElementsAre("a:newer", "accept:new", "b:appended"));
}

TEST(HeaderList, removes_all_of_a_name) {
  Arena arena;
  HeaderList headers(arena);
  headers.add("a", "1");
  headers.add("accept", "2");
  headers.add("a", "3");
  EXPECT_EQ(headers.remove("a"), 2u);
  EXPECT_EQ(headers.remove("a"), 0u);
  EXPECT_EQ(headers.remove(HeaderId::kAccept), 1u);
  EXPECT_TRUE(headers.empty());
}

TEST(HeaderList, joins_values_with_commas) {
  Arena arena;
  HeaderList headers(arena);
  bool found = true;
  EXPECT_EQ(headers.joined("a", &found), "");
  EXPECT_FALSE(found);
  headers.add("a", "");
  EXPECT_EQ(headers.joined("a", &found), "");
  EXPECT_TRUE(found);
  headers.add("b", "x");
  headers.add("a", "1");
  headers.add("a", "2");
  EXPECT_EQ(headers.joined("a"), ",1,2");
  EXPECT_EQ(headers.joined("b"), "x");
}

TEST(HeaderList, counts_bytes_as_hpack_does) {
  Arena arena;
  HeaderList headers(arena);
  headers.add("abc", "de");
  headers.add("host", "");
  EXPECT_EQ(headers.byte_size(), 5 + 32 + 4 + 32u);
}

TEST(Message, knows_methods_by_their_exact_name) {
  EXPECT_EQ(method_of("GET"), Method::kGet);
  EXPECT_EQ(method_of("DELETE"), Method::kDelete);
  EXPECT_EQ(method_of("OPTIONS"), Method::kOptions);
  for (std::string_view other : {"", "get", "Get", "PRI", "GETT", "CONNEXT"})
    EXPECT_EQ(method_of(other), Method::kOther);
}

TEST(Message, prints_versions_as_access_logs_do) {
  EXPECT_EQ(to_string(Version::kHttp10), "HTTP/1.0");
  EXPECT_EQ(to_string(Version::kHttp11), "HTTP/1.1");
  EXPECT_EQ(to_string(Version::kHttp2), "HTTP/2");
}

TEST(Message, tells_grpc_from_grpc_web) {
  Arena arena;
  for (auto [type, expected] : {std::pair<const char*, bool>{"application/grpc", true},
                                {"application/grpc+proto", true},
                                {"application/grpc-web", false},
                                {"application/grpcx", false},
                                {"", false}}) {
    HeaderList headers(arena);
    headers.add("content-type", type);
    EXPECT_EQ(is_grpc(headers), expected) << type;
  }
}

}  // namespace
}  // namespace proa::http
