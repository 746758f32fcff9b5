#include "net/http_inspector.h"

#include <gtest/gtest.h>

#include <string>

namespace proa::net {
namespace {

TEST(HttpInspector, tells_the_versions_apart) {
  EXPECT_EQ(inspect_http("GET / HTTP/1.1\r\n"), HttpInspection::kHttp11);
  EXPECT_EQ(inspect_http("\r\nGET / HTTP/1.1\r\n"), HttpInspection::kHttp11);
  EXPECT_EQ(inspect_http("PURGE /a?b HTTP/1.0\n"), HttpInspection::kHttp10);
  EXPECT_EQ(inspect_http("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nrest"), HttpInspection::kH2c);
  EXPECT_EQ(protocol_name(HttpInspection::kH2c), "h2c");
}

TEST(HttpInspector, every_prefix_needs_more) {
  for (std::string text : {"CONNECT a:1 HTTP/1.1\r", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\r\nOPTIONS * HTTP/1.0\n"}) {
    for (size_t cut = 0; cut < text.size(); ++cut) {
      EXPECT_EQ(inspect_http(text.substr(0, cut)), HttpInspection::kNeedMore) << cut << text;
    }
    EXPECT_NE(inspect_http(text), HttpInspection::kNeedMore);
  }
}

TEST(HttpInspector, other_protocols_are_told_early) {
  for (std::string text :
       {" GET", "GET  ", "GET /\r\n", "GET / HTTP/2", "GET / HTTP/1.2", "GET / HTTP/1.1 ", "GET /a b",
        "SSH-2.0-OpenSSH\r\n", "\x16\x03\x01", "\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nXX", "EHLO example.com\r\n"}) {
    EXPECT_EQ(inspect_http(text), HttpInspection::kNot) << text;
  }
  EXPECT_EQ(inspect_http(std::string(40, 'A')), HttpInspection::kNot);
}

TEST(HttpInspector, a_request_line_over_the_limit_is_given_up) {
  std::string line = "GET /" + std::string(64 * 1024, 'a');
  EXPECT_EQ(inspect_http(line), HttpInspection::kNot);
  EXPECT_EQ(inspect_http(std::string_view(line).substr(0, 60000)), HttpInspection::kNeedMore);
}

}  // namespace
}  // namespace proa::net
