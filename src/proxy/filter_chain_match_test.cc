#include "proxy/filter_chain_match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace proa::proxy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

net::CidrRange range(std::string_view text) { return *net::CidrRange::parse(text); }

struct FilterChainMatchTest : testing::Test {
  /// A chain with the match that `set` makes; it is found by its place.
  void chain(void (*set)(FilterChainMatch&)) {
    auto made = std::make_shared<FilterChain>();
    made->name = std::string(1, static_cast<char>('a' + chains.size()));
    set(made->match);
    chains.push_back(std::move(made));
  }
  int find() {
    auto matcher = FilterChainMatcher::make(chains);
    EXPECT_TRUE(matcher.has_value());
    return matcher ? matcher->find(connection) : -2;
  }
  int with_name(std::string_view sni) {
    connection.sni = sni;
    return find();
  }
  int from(std::string_view remote) {
    connection.remote = connection.direct_remote = *net::Address::parse(remote);
    return find();
  }
  int to(std::string_view local) {
    connection.local = *net::Address::parse(local);
    return find();
  }

  FilterChainMatchTest() {
    connection.local = *net::Address::parse("10.0.0.1:443");
    connection.remote = connection.direct_remote = *net::Address::parse("192.0.2.7:5555");
  }
  std::vector<std::shared_ptr<const FilterChain>> chains;
  net::ConnectionInfo connection;
};

TEST_F(FilterChainMatchTest, without_chains_nothing_matches) {
  EXPECT_EQ(FilterChainMatcher().find(connection), -1);
  EXPECT_EQ(find(), -1);
}

TEST_F(FilterChainMatchTest, an_empty_match_takes_all) {
  chain([](FilterChainMatch&) {});
  EXPECT_EQ(find(), 0);
}

TEST_F(FilterChainMatchTest, names_exact_before_wildcard_before_any) {
  chain([](FilterChainMatch& m) { m.server_names = {"*.example.com"}; });
  chain([](FilterChainMatch& m) { m.server_names = {"www.example.com", "example.org"}; });
  chain([](FilterChainMatch& m) { m.server_names = {"*.eu.example.com"}; });
  chain([](FilterChainMatch&) {});
  EXPECT_EQ(with_name("www.example.com"), 1);
  EXPECT_EQ(with_name("example.org"), 1);
  EXPECT_EQ(with_name("a.example.com"), 0);
  EXPECT_EQ(with_name("a.b.example.com"), 0);
  EXPECT_EQ(with_name("a.eu.example.com"), 2);
  EXPECT_EQ(with_name("example.com"), 3) << "a wildcard wants a label before it";
  EXPECT_EQ(with_name("anotherexample.com"), 3);
  EXPECT_EQ(with_name(""), 3);
  EXPECT_EQ(with_name(std::string(300, 'x') + ".example.com"), 0);
  EXPECT_EQ(with_name("x." + std::string(300, 'y')), 3);
}

TEST_F(FilterChainMatchTest, the_longest_destination_range_wins) {
  chain([](FilterChainMatch& m) { m.prefix_ranges = {range("10.0.0.0/8")}; });
  chain([](FilterChainMatch& m) { m.prefix_ranges = {range("10.0.0.0/24"), range("10.9.0.0/16")}; });
  chain([](FilterChainMatch& m) { m.prefix_ranges = {range("2001:db8::/32")}; });
  EXPECT_EQ(to("10.0.0.1:443"), 1);
  EXPECT_EQ(to("10.9.1.1:443"), 1);
  EXPECT_EQ(to("10.1.0.1:443"), 0);
  EXPECT_EQ(to("[2001:db8::1]:443"), 2);
  EXPECT_EQ(to("11.0.0.1:443"), -1);
}

TEST_F(FilterChainMatchTest, the_port_comes_first_and_there_is_no_way_back) {
  chain([](FilterChainMatch& m) {
    m.destination_port = 443;
    m.server_names = {"a.test"};
  });
  chain([](FilterChainMatch& m) { m.server_names = {"b.test"}; });
  EXPECT_EQ(with_name("a.test"), 0);
  EXPECT_EQ(with_name("b.test"), -1) << "the branch of port 443 has no such name";
  to("10.0.0.1:80");
  EXPECT_EQ(with_name("b.test"), 1);
}

TEST_F(FilterChainMatchTest, transport_and_application_protocols) {
  chain([](FilterChainMatch& m) {
    m.transport_protocol = "tls";
    m.application_protocols = {"h2"};
  });
  chain([](FilterChainMatch& m) { m.transport_protocol = "tls"; });
  chain([](FilterChainMatch& m) {
    m.transport_protocol = "raw_buffer";
    m.application_protocols = {"h2c", "http/1.1"};
  });
  chain([](FilterChainMatch& m) { m.transport_protocol = "raw_buffer"; });
  EXPECT_EQ(find(), 3) << "what nobody has looked at is a raw buffer";
  connection.application_protocols = {"http/1.1"};
  EXPECT_EQ(find(), 2);
  connection.transport_protocol = "tls";
  EXPECT_EQ(find(), 1);
  connection.alpn = {"spdy", "h2"};
  EXPECT_EQ(find(), 0);
  connection.alpn = {"http/1.1"};
  EXPECT_EQ(find(), 1);
}

TEST_F(FilterChainMatchTest, the_clients_order_decides_between_protocols) {
  chain([](FilterChainMatch& m) { m.application_protocols = {"h2"}; });
  chain([](FilterChainMatch& m) { m.application_protocols = {"http/1.1"}; });
  connection.alpn = {"http/1.1", "h2"};
  EXPECT_EQ(find(), 1);
}

TEST_F(FilterChainMatchTest, sources) {
  chain([](FilterChainMatch& m) { m.source_type = SourceType::kSameIpOrLoopback; });
  chain([](FilterChainMatch& m) {
    m.source_type = SourceType::kExternal;
    m.source_prefix_ranges = {range("192.0.2.0/24")};
  });
  chain([](FilterChainMatch& m) {
    m.source_type = SourceType::kExternal;
    m.source_prefix_ranges = {range("192.0.2.0/24")};
    m.source_ports = {5555, 6666};
  });
  EXPECT_EQ(from("192.0.2.7:5555"), 2);
  EXPECT_EQ(from("192.0.2.7:7777"), 1);
  EXPECT_EQ(from("127.0.0.1:1"), 0);
  EXPECT_EQ(from("10.0.0.1:1"), 0) << "the address that it connects to";
  EXPECT_EQ(from("198.51.100.1:1"), -1);
  connection.remote = *net::Address::unix_path("@client");
  EXPECT_EQ(find(), 0);
}

TEST_F(FilterChainMatchTest, the_direct_source_is_the_peer_not_whom_it_speaks_for) {
  chain([](FilterChainMatch& m) { m.direct_source_prefix_ranges = {range("172.16.0.0/12")}; });
  EXPECT_EQ(find(), -1);
  connection.direct_remote = *net::Address::parse("172.16.3.4:1");
  EXPECT_EQ(find(), 0);
}

TEST_F(FilterChainMatchTest, two_chains_with_the_same_match_are_refused) {
  chain([](FilterChainMatch& m) { m.server_names = {"a.test", "b.test"}; });
  chain([](FilterChainMatch& m) { m.server_names = {"b.test"}; });
  auto matcher = FilterChainMatcher::make(chains);
  ASSERT_FALSE(matcher.has_value());
  EXPECT_EQ(matcher.error().message, "filter chains \"a\" and \"b\" have the same match");
}

TEST_F(FilterChainMatchTest, explains_what_it_took) {
  chain([](FilterChainMatch& m) {
    m.destination_port = 443;
    m.server_names = {"*.test"};
  });
  chain([](FilterChainMatch& m) { m.destination_port = 443; });
  auto matcher = FilterChainMatcher::make(chains);
  ASSERT_TRUE(matcher.has_value());
  std::vector<std::string> steps;
  connection.sni = "a.test";
  EXPECT_EQ(matcher->explain(connection, steps), 0);
  EXPECT_THAT(steps, ElementsAre("destination port: 443", "server name: *.test"));
  steps.clear();
  connection.sni = "other";
  EXPECT_EQ(matcher->explain(connection, steps), 1);
  EXPECT_THAT(steps, ElementsAre("destination port: 443", "server name: any"));
  steps.clear();
  to("10.0.0.1:80");
  EXPECT_EQ(matcher->explain(connection, steps), -1);
  EXPECT_THAT(steps, ElementsAre(HasSubstr("no chain for this destination port")));
}

}  // namespace
}  // namespace proa::proxy
