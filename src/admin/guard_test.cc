#include "admin/guard.h"

#include <gtest/gtest.h>

namespace proa::admin {
namespace {

struct Guard : testing::Test {
  bool passes(std::string_view host, std::string_view origin = {}) {
    Arena arena;
    http::RequestHead head(arena);
    head.authority = host;
    if (!origin.empty()) head.headers.add("origin", origin);
    return !refusal(head, connection).has_value();
  }
  net::ConnectionInfo connection = [] {
    net::ConnectionInfo info;
    info.local = *net::Address::parse("10.1.2.3:9901");
    return info;
  }();
};

TEST_F(Guard, loopback_and_the_address_connected_to_pass) {
  for (auto host : {"localhost", "localhost:9901", "LOCALHOST.", "127.0.0.1:9901", "127.8.8.8", "[::1]:9901",
                    "10.1.2.3", "10.1.2.3:9901"}) {
    EXPECT_TRUE(passes(host)) << host;
  }
}

TEST_F(Guard, names_and_other_addresses_are_refused) {
  for (auto host : {"", "evil.example", "evil.example:9901", "localhost.evil.example", "10.1.2.4",
                    "127.0.0.1.evil.example", "[fe80::1]", "0x7f000001"}) {
    EXPECT_FALSE(passes(host)) << host;
  }
}

TEST_F(Guard, requests_of_other_sites_are_refused) {
  EXPECT_TRUE(passes("localhost:9901", "http://localhost:9901"));
  EXPECT_FALSE(passes("localhost:9901", "http://localhost:8080"));
  EXPECT_FALSE(passes("localhost:9901", "https://evil.example"));
  EXPECT_FALSE(passes("localhost:9901", "null"));
}

TEST_F(Guard, unix_sockets_are_not_asked) {
  connection.local = *net::Address::unix_path("/run/proa.sock");
  EXPECT_TRUE(passes("anything", "null"));
}

}  // namespace
}  // namespace proa::admin
