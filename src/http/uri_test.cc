#include "http/uri.h"

#include <gtest/gtest.h>

#include <string>

namespace proa::http {
namespace {

std::string parse(std::string_view target, Method method = Method::kGet) {
  RequestTarget to;
  std::string_view reason = parse_request_target(target, method, to);
  if (!reason.empty()) return std::string(reason);
  return std::string(to.scheme) + "|" + std::string(to.authority) + "|" + std::string(to.path);
}

TEST(RequestTarget, takes_the_four_forms) {
  EXPECT_EQ(parse("/"), "||/");
  EXPECT_EQ(parse("/a?b=c"), "||/a?b=c");
  EXPECT_EQ(parse("//a"), "||//a");
  EXPECT_EQ(parse("*", Method::kOptions), "||*");
  EXPECT_EQ(parse("example.com:443", Method::kConnect), "|example.com:443|");
  EXPECT_EQ(parse("[::1]:443", Method::kConnect), "|[::1]:443|");
  EXPECT_EQ(parse("http://a.b/c?d"), "http|a.b|/c?d");
  EXPECT_EQ(parse("HTTPS://A.B:8443"), "https|A.B:8443|/");
  EXPECT_EQ(parse("http://a", Method::kOptions), "http|a|*");
}

TEST(RequestTarget, refuses_everything_else) {
  for (std::string_view bad : {"",
                               "a",
                               "*",
                               "?a",
                               "example.com:443",
                               "http:/a/",
                               "http:a",
                               "http:///a",
                               "http://?a",
                               "http://a?b",
                               "ftp://a/",
                               "http://u@a/",
                               "http://a:0/",
                               "http://a:/",
                               "http://a:99999/",
                               "http://a:80b/",
                               "http://[::1/",
                               "http://[zz]/",
                               "http://[::1]x/",
                               "/ a",
                               "/a\t",
                               "/\x7f",
                               "/caf\xc3\xa9",
                               "/\x01"}) {
    EXPECT_TRUE(parse(bad).starts_with("http1.")) << bad << " gave " << parse(bad);
  }
  EXPECT_EQ(parse("/a#b"), "http1.fragment_in_url");
  EXPECT_EQ(parse("/#"), "http1.fragment_in_url");
  for (std::string_view bad :
       {"/", "example.com", "http://example.com:443/", "example.com:0", "u@example.com:1", ":443"}) {
    EXPECT_EQ(parse(bad, Method::kConnect), "http1.invalid_authority") << bad;
  }
}

TEST(Authority, is_a_host_and_perhaps_a_port) {
  auto parts = parse_authority("example.com:8080");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->host, "example.com");
  EXPECT_EQ(parts->port, 8080);
  parts = parse_authority("[fe80::1]:1");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->host, "fe80::1");
  EXPECT_TRUE(parts->ipv6);
  for (std::string_view good : {"a", "a.", "a_b", "127.0.0.1", "[::]", "A-b.C~", "a:65535", "outbound_.80_._.svc"}) {
    EXPECT_TRUE(is_authority(good)) << good;
  }
  // Threats S7.
  for (std::string_view bad :
       {"",     " ",    "a b", "a/b",   "a@b",    "a?",         "a#",     "a,b", "a:99999",      "a:-1",
        "a:+1", "a: 1", "a:",  "a:1:2", "::1",    "[::1",       "[::1]a", "[]",  "[::1%25eth0]", "[1.2.3.4]",
        "a%2e", "a\\b", "a;b", "\"a\"", "[::1]:", "caf\xc3\xa9"}) {
    EXPECT_FALSE(is_authority(bad)) << bad;
  }
  EXPECT_FALSE(is_authority(std::string_view("a\0b", 3)));
  EXPECT_FALSE(is_authority(std::string_view("[::1\0]", 6)));
}

TEST(Authority, has_one_canonical_form) {
  Arena arena;
  auto canonical = [&](std::string_view authority, HostRules rules) {
    return std::string(canonical_authority(authority, rules, arena));
  };
  HostRules none;
  HostRules matching{StripPort::kMatching, 8080, true};
  HostRules any{StripPort::kAny, 0, true};
  EXPECT_EQ(canonical("Example.COM:8080", none), "example.com:8080");
  EXPECT_EQ(canonical("example.com.", none), "example.com.");
  EXPECT_EQ(canonical("Example.COM.:8080", matching), "example.com");
  EXPECT_EQ(canonical("example.com.:80", matching), "example.com:80");
  EXPECT_EQ(canonical("Example.com.:80", any), "example.com");
  EXPECT_EQ(canonical("[::1]:80", any), "[::1]");
  EXPECT_EQ(canonical("[::1]", any), "[::1]");
  EXPECT_EQ(canonical(".", any), ".");
  EXPECT_EQ(canonical("", any), "");
  std::string_view already = "example.com";
  EXPECT_EQ(canonical_authority(already, any, arena).data(), already.data());
}

// Threats P3: policy(canon(x)) = policy(x) needs canon(canon(x)) = canon(x).
TEST(Authority, is_canonical_after_one_pass) {
  Arena arena;
  uint32_t seed = 1;
  auto next = [&seed](uint32_t below) { return (seed = seed * 1664525 + 1013904223) / 65536 % below; };
  for (int i = 0; i < 10'000; ++i) {
    std::string host;
    for (uint32_t n = next(12) + 1; n > 0; --n) host += "aBc.Z-9_"[next(8)];
    if (next(2)) host += ":" + std::to_string(next(3) ? 80 : 8080);
    for (HostRules rules :
         {HostRules{}, HostRules{StripPort::kMatching, 80, true}, HostRules{StripPort::kAny, 0, true}}) {
      std::string_view once = canonical_authority(host, rules, arena);
      if (host.find("..") != host.npos) continue;  // no host name
      EXPECT_EQ(canonical_authority(once, rules, arena), once) << host;
    }
  }
}

TEST(Authority, loses_its_port) {
  EXPECT_EQ(without_port("a:1"), "a");
  EXPECT_EQ(without_port("a"), "a");
  EXPECT_EQ(without_port("[::1]:1"), "[::1]");
  EXPECT_EQ(without_port("[::1]"), "[::1]");
  EXPECT_EQ(without_port("::1"), "::1");
}

}  // namespace
}  // namespace proa::http
