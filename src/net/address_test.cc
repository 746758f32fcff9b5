#include "net/address.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace proa::net {
namespace {

TEST(Address, prints_what_it_parses) {
  for (std::string text : {"1.2.3.4:80", "[::1]:80", "[2001:db8::1]:65535", "0.0.0.0:0", "[::]:0"}) {
    auto address = Address::parse(text);
    ASSERT_TRUE(address.has_value()) << text;
    EXPECT_EQ(address->to_string(), text);
  }
}

TEST(Address, refuses_what_is_no_address) {
  for (std::string text : {"", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:80x", "::1:80", "[::1:80",
                           "[1.2.3.4]:80", "host:80", "1.2.3:80", "01.2.3.4:80", "[]:80", "1.2.3.4%1:80"}) {
    EXPECT_FALSE(Address::parse(text).has_value()) << text;
  }
  EXPECT_FALSE(Address::parse_ip(std::string_view("1.2.3.4\0", 8), 1).has_value());
}

TEST(Address, round_trips_through_the_kernels_form) {
  for (const Address& address : {*Address::parse("1.2.3.4:80"), *Address::parse("[fe80::1]:9"),
                                 *Address::unix_path("/tmp/x"), *Address::unix_path("@abstract")}) {
    sockaddr_storage storage{};
    socklen_t size = address.to_sockaddr(storage);
    Address back = Address::from_sockaddr(reinterpret_cast<sockaddr*>(&storage), size);
    EXPECT_EQ(back, address) << address.to_string();
    EXPECT_EQ(back.hash(), address.hash());
  }
}

TEST(Address, a_mapped_address_from_the_kernel_is_ipv4) {
  sockaddr_storage storage{};
  socklen_t size = Address::parse("[::ffff:10.0.0.1]:5")->to_sockaddr(storage);
  EXPECT_EQ(Address::from_sockaddr(reinterpret_cast<sockaddr*>(&storage), size).to_string(), "10.0.0.1:5");
}

TEST(Address, kinds) {
  EXPECT_TRUE(Address::parse("127.9.0.1:1")->is_loopback());
  EXPECT_TRUE(Address::parse("[::1]:1")->is_loopback());
  EXPECT_FALSE(Address::parse("[::2]:1")->is_loopback());
  EXPECT_TRUE(Address::parse("0.0.0.0:1")->is_any());
  EXPECT_TRUE(Address::parse("224.0.0.1:1")->is_multicast());
  EXPECT_FALSE(Address().is_ip());
  EXPECT_FALSE(Address::unix_path(std::string(200, 'x')).has_value());
}

TEST(CidrRange, contains_only_its_own_family) {
  auto range = *CidrRange::parse("10.1.2.3/8");
  EXPECT_EQ(range.to_string(), "10.0.0.0/8");
  EXPECT_TRUE(range.contains(*Address::parse("10.255.0.1:1")));
  EXPECT_FALSE(range.contains(*Address::parse("11.0.0.1:1")));
  auto all = *CidrRange::parse("::/0");
  EXPECT_FALSE(all.contains(*Address::parse("1.2.3.4:1")));
  EXPECT_TRUE(all.contains(*Address::parse("[1::]:1")));
  EXPECT_TRUE(CidrRange::parse("1.2.3.4")->contains(*Address::parse("1.2.3.4:9")));
  for (std::string text : {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "x/8", "/8"}) {
    EXPECT_FALSE(CidrRange::parse(text).has_value()) << text;
  }
}

TEST(CidrTrie, finds_the_longest_prefix) {
  CidrTrie<int> trie;
  trie.insert(*CidrRange::parse("10.0.0.0/8"), 8);
  trie.insert(*CidrRange::parse("10.1.0.0/16"), 16);
  trie.insert(*CidrRange::parse("0.0.0.0/0"), 0);
  trie.insert(*CidrRange::parse("10.1.2.3"), 32);
  trie.insert(*CidrRange::parse("::/0"), 6);
  auto find = [&](const char* ip) { return *trie.find(*Address::parse_ip(ip, 0)); };
  EXPECT_EQ(find("10.2.0.1"), 8);
  EXPECT_EQ(find("10.1.9.1"), 16);
  EXPECT_EQ(find("10.1.2.3"), 32);
  EXPECT_EQ(find("9.9.9.9"), 0);
  EXPECT_EQ(find("1::"), 6);
  EXPECT_EQ(trie.find(*Address::unix_path("/x")), nullptr);
}

TEST(CidrTrie, agrees_with_a_linear_search) {
  std::mt19937 random(3);
  CidrTrie<uint32_t> trie;
  std::map<std::string, std::pair<CidrRange, uint32_t>> all;
  for (uint32_t i = 0; i < 500; ++i) {
    std::string ip = "10." + std::to_string(random() % 4) + "." + std::to_string(random() % 4) + "." +
                     std::to_string(random() % 256);
    auto range = *CidrRange::make(ip, 8 + random() % 25);
    trie.insert(range, i);
    all.insert_or_assign(range.to_string(), std::pair(range, i));
  }
  for (int i = 0; i < 2000; ++i) {
    auto address = *Address::parse_ip("10." + std::to_string(random() % 5) + "." + std::to_string(random() % 5) + "." +
                                          std::to_string(random() % 256),
                                      0);
    const std::pair<CidrRange, uint32_t>* best = nullptr;
    for (auto& [text, entry] : all) {
      if (entry.first.contains(address) && (!best || entry.first.length() > best->first.length())) best = &entry;
    }
    const uint32_t* found = trie.find(address);
    ASSERT_EQ(found != nullptr, best != nullptr);
    if (best) {
      ASSERT_EQ(*found, best->second);
    }
  }
}

}  // namespace
}  // namespace proa::net
