#include "proxy/client_address.h"

#include <gtest/gtest.h>

namespace proa::proxy {
namespace {

struct Client {
  ConnectionManager manager;
  net::ConnectionInfo connection;
  Arena arena;
  http::HeaderList headers{arena};

  explicit Client(std::string_view peer = "192.0.2.1") {
    connection.remote = *net::Address::parse_ip(peer, 1234);
    manager.own_ip = "198.51.100.7";
  }
  Client& forwarded(std::string_view value) {
    headers.add(http::HeaderId::kXForwardedFor, value);
    return *this;
  }
  ClientAddress identify() { return identify_client(manager, connection, headers); }
  std::string_view forwarded_for() const { return headers.value(http::HeaderId::kXForwardedFor); }
};

net::CidrRange range(std::string_view text) { return *net::CidrRange::parse(text); }

TEST(ClientAddress, at_the_edge_it_is_the_peer_whatever_the_header_says) {
  Client client;
  client.manager.use_remote_address = true;
  ClientAddress found = client.forwarded("1.1.1.1").identify();
  EXPECT_EQ(found.address.ip(), "192.0.2.1");
  EXPECT_TRUE(found.edge);
  EXPECT_EQ(client.forwarded_for(), "1.1.1.1,192.0.2.1");
}

TEST(ClientAddress, behind_trusted_proxies_it_is_counted_from_the_right) {
  Client client;
  client.manager.use_remote_address = true;
  client.manager.xff_num_trusted_hops = 2;
  EXPECT_EQ(client.forwarded("1.1.1.1, 2.2.2.2, 3.3.3.3").identify().address.ip(), "2.2.2.2");
  Client inner;
  inner.manager.xff_num_trusted_hops = 2;
  EXPECT_EQ(inner.forwarded("1.1.1.1, 2.2.2.2, 3.3.3.3").identify().address.ip(), "1.1.1.1");
}

TEST(ClientAddress, is_the_peer_where_the_header_is_too_short_or_no_address) {
  for (std::string_view value : {"1.1.1.1", "1.1.1.1,nobody", ""}) {
    Client client;
    client.manager.xff_num_trusted_hops = value == "1.1.1.1" ? 1 : 0;
    EXPECT_EQ(client.forwarded(value).identify().address.ip(), "192.0.2.1") << value;
  }
}

TEST(ClientAddress, several_lines_are_one_list_and_become_one_line) {
  Client client;
  client.manager.xff_num_trusted_hops = 1;
  EXPECT_EQ(client.forwarded("1.1.1.1").forwarded("2.2.2.2").identify().address.ip(), "1.1.1.1");
  EXPECT_EQ(client.forwarded_for(), "1.1.1.1,2.2.2.2");
  EXPECT_EQ(client.headers.count(http::HeaderId::kXForwardedFor), 1U);
}

TEST(ClientAddress, a_loopback_peer_is_written_as_this_host) {
  Client client("127.0.0.1");
  client.manager.use_remote_address = true;
  EXPECT_EQ(client.identify().address.ip(), "127.0.0.1");
  EXPECT_EQ(client.forwarded_for(), "198.51.100.7");
  Client other("127.0.0.9");
  other.manager.use_remote_address = true;
  other.identify();
  EXPECT_EQ(other.forwarded_for(), "127.0.0.9");
}

TEST(ClientAddress, nothing_is_appended_when_told_so) {
  Client client;
  client.manager.use_remote_address = client.manager.skip_xff_append = true;
  client.identify();
  EXPECT_FALSE(client.headers.has(http::HeaderId::kXForwardedFor));
}

TEST(ClientAddress, only_the_one_address_of_a_header_can_be_internal) {
  Client one, two;
  one.manager.internal_ranges = two.manager.internal_ranges = {range("10.0.0.0/8")};
  EXPECT_TRUE(one.forwarded("10.1.1.1").identify().internal);
  EXPECT_FALSE(two.forwarded("1.1.1.1, 10.1.1.1").identify().internal);
}

TEST(ClientAddress, from_the_right_the_first_that_is_no_proxy_of_ours) {
  const IpDetection how{.xff_trusted_proxies = {range("192.0.2.0/24"), range("10.0.0.0/8")}};
  auto identified = [&](std::string_view peer, std::string_view value) {
    Client client(peer);
    client.manager.ip_detections = {how};
    return client.forwarded(value).identify().address.ip();
  };
  EXPECT_EQ(identified("192.0.2.1", "6.6.6.6, 5.5.5.5, 10.1.1.1"), "5.5.5.5");
  EXPECT_EQ(identified("192.0.2.1", "10.2.2.2, 10.1.1.1"), "10.2.2.2");
  EXPECT_EQ(identified("192.0.2.1", "nobody, 10.1.1.1"), "10.1.1.1");
  Client stranger("203.0.113.1");
  stranger.manager.ip_detections = {how};
  EXPECT_EQ(stranger.forwarded("5.5.5.5, 10.1.1.1").identify().address.ip(), "203.0.113.1");
  EXPECT_EQ(stranger.forwarded_for(), "5.5.5.5, 10.1.1.1,203.0.113.1");
}

TEST(ClientAddress, a_custom_header_is_believed_as_far_as_it_is_trusted) {
  for (bool trust : {false, true}) {
    Client client;
    client.manager.internal_ranges = {range("10.0.0.0/8")};
    client.manager.ip_detections = {{.header = "x-real", .trust = trust}};
    client.headers.add("x-real", "10.0.0.9");
    ClientAddress found = client.identify();
    EXPECT_EQ(found.address.ip(), "10.0.0.9");
    EXPECT_EQ(found.internal, trust);
  }
}

TEST(ClientAddress, without_the_demanded_header_the_request_is_refused) {
  Client client;
  client.manager.ip_detections = {{.header = "x-real", .reject_status = 403}, {.xff_trusted_hops = 0}};
  EXPECT_EQ(client.forwarded("1.1.1.1").identify().reject_status, 403);
  client.headers.add("x-real", "7.7.7.7");
  EXPECT_EQ(client.identify().reject_status, 0);
}

TEST(ClientAddress, ways_to_detect_it_are_asked_in_order) {
  Client client;
  client.manager.ip_detections = {{.header = "x-real"}, {.xff_trusted_hops = 0}};
  EXPECT_EQ(client.forwarded("1.1.1.1").identify().address.ip(), "1.1.1.1");
}

}  // namespace
}  // namespace proa::proxy
