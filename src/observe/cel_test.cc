#include "observe/cel.h"

#include <gtest/gtest.h>

#include "net/mesh_peer.h"
#include "net/transport.h"
#include "observe/metadata.h"

namespace proa::observe {
namespace {

struct Cel : testing::Test {
  Cel() {
    request.method = "GET";
    request.path = "/a/b?x=1";
    request.authority = "shop.test";
    request.scheme = "http";
    request.headers.add("x-user", "jason");
    response.headers.add("x-version", "v2");
    info.request = &request;
    info.response = &response;
    info.response_code = 404;
    info.downstream = &connection;
    info.bytes_sent = 12;
  }
  /// As text; "(error)" for an error, "(bad)" and the reason for what is no expression.
  std::string value(std::string_view expression) {
    auto compiled = CelExpression::compile(expression);
    if (!compiled) return "(bad) " + compiled.error().message;
    const CelValue made = compiled->evaluate(info);
    return std::holds_alternative<CelError>(made) ? "(error)" : to_string(made);
  }
  bool bad(std::string_view expression) { return value(expression).starts_with("(bad)"); }

  Arena arena;
  http::RequestHead request{arena};
  http::ResponseHead response{arena};
  net::ConnectionInfo connection;
  StreamInfo info;
};

TEST_F(Cel, attributes_of_an_exchange) {
  EXPECT_EQ(value("request.host"), "shop.test");
  EXPECT_EQ(value("request.path"), "/a/b?x=1");
  EXPECT_EQ(value("request.url_path"), "/a/b");
  EXPECT_EQ(value("request.query"), "x=1");
  EXPECT_EQ(value("request.headers['X-User']"), "jason");
  EXPECT_EQ(value("request.headers[\"none\"]"), "(error)");
  EXPECT_EQ(value("response.headers['x-version']"), "v2");
  EXPECT_EQ(value("response.code"), "404");
  EXPECT_EQ(value("response.size"), "12");
  EXPECT_EQ(value("connection.mtls"), "false");
  EXPECT_EQ(value("upstream.address"), "(error)");
}

TEST_F(Cel, comparisons) {
  EXPECT_EQ(value("response.code >= 400"), "true");
  EXPECT_EQ(value("response.code == 404"), "true");
  EXPECT_EQ(value("response.code == 404.0"), "true");
  EXPECT_EQ(value("response.code < 400"), "false");
  EXPECT_EQ(value("'a' < 'b' && 2 > 1"), "true");
  EXPECT_EQ(value("response.code > 'x'"), "(error)");
  EXPECT_EQ(value("request.method != 'GET'"), "false");
  EXPECT_EQ(value("1 == 'one'"), "false");
}

TEST_F(Cel, logic_overlooks_an_error_where_the_other_side_decides) {
  EXPECT_EQ(value("upstream.port > 1 || true"), "true");
  EXPECT_EQ(value("upstream.port > 1 && false"), "false");
  EXPECT_EQ(value("upstream.port > 1 && true"), "(error)");
  EXPECT_EQ(value("!(response.code == 200)"), "true");
  EXPECT_EQ(value("!upstream.port"), "(error)");
  EXPECT_EQ(value("response.code == 404 ? 'missing' : 'else'"), "missing");
  EXPECT_EQ(value("false ? 1 : true ? 2 : 3"), "2");
}

TEST_F(Cel, arithmetic_and_its_limits) {
  EXPECT_EQ(value("1 + 2 * 3 - 4"), "3");
  EXPECT_EQ(value("(1 + 2) * 3 % 4"), "1");
  EXPECT_EQ(value("7 / 0"), "(error)");
  EXPECT_EQ(value("-9223372036854775807 - 2"), "(error)");
  EXPECT_EQ(value("1.5 + 2.0"), "3.5");
  EXPECT_EQ(value("'a' + 'b'"), "ab");
  EXPECT_EQ(value("-response.code"), "-404");
}

TEST_F(Cel, functions_of_texts) {
  EXPECT_EQ(value("request.path.startsWith('/a')"), "true");
  EXPECT_EQ(value("request.url_path.endsWith('/b')"), "true");
  EXPECT_EQ(value("request.host.contains('op.t')"), "true");
  EXPECT_EQ(value("request.path.matches('b.x')"), "true");
  EXPECT_EQ(value("matches(request.path, '^b')"), "false");
  EXPECT_EQ(value("size(request.host)"), "9");
  EXPECT_EQ(value("'ABC'.lowerAscii()"), "abc");
  EXPECT_EQ(value("string(response.code) + '!'"), "404!");
  EXPECT_EQ(value("int('12') + 1"), "13");
  EXPECT_EQ(value("int('12x')"), "(error)");
  EXPECT_EQ(value(R"('it\'s' + r'\d')"), R"(it's\d)");
}

TEST_F(Cel, what_is_in_and_what_is_there) {
  EXPECT_EQ(value("request.method in ['GET', 'HEAD']"), "true");
  EXPECT_EQ(value("response.code in []"), "false");
  EXPECT_EQ(value("'x-user' in request.headers"), "true");
  EXPECT_EQ(value("'x-none' in request.headers"), "false");
  EXPECT_EQ(value("has(request.headers['x-user'])"), "true");
  EXPECT_EQ(value("has(upstream.port)"), "false");
}

TEST_F(Cel, metadata_and_peers) {
  mutable_metadata(info, arena).root["ns"]["key"]["deep"] = 7;
  EXPECT_EQ(value("metadata.filter_metadata['ns']['key']['deep'] == 7"), "true");
  EXPECT_EQ(value("metadata['ns'].other"), "(error)");
  mutable_filter_state(info, arena).root["k"] = "v";
  EXPECT_EQ(value("filter_state['k']"), "v");
  net::MeshPeer peer;
  peer.workload = "reviews-v1";
  peer.labels = {{"role", "back"}};
  info.upstream_peer = &peer;
  EXPECT_EQ(value("upstream_peer.workload"), "reviews-v1");
  EXPECT_EQ(value("filter_state.upstream_peer.labels['role']"), "back");
  EXPECT_EQ(value("downstream_peer.workload"), "(error)");
}

TEST_F(Cel, what_is_no_expression_is_refused) {
  for (const char* text : {"",
                           "1 +",
                           "(1",
                           "1)",
                           "'a",
                           "request.",
                           "request.nothing",
                           "nothing",
                           "1.2.3",
                           "request.host[1]",
                           "'a'.b",
                           "f(1)",
                           "'a'.size(1)",
                           "has(1)",
                           "'a' in 1",
                           "matches('a', '(')",
                           "'a'.matches(request.path)",
                           "'\\q'",
                           "#",
                           "99999999999999999999"}) {
    EXPECT_TRUE(bad(text)) << text << ": " << value(text);
  }
  EXPECT_TRUE(bad(std::string(200, '(') + "1" + std::string(200, ')')));
  EXPECT_TRUE(bad(std::string(9000, '1')));
  std::string chain = "1", path = "request.headers";
  for (int i = 0; i < 2000; ++i) chain += "+1", path += ".a";
  EXPECT_TRUE(bad(chain));
  EXPECT_TRUE(bad(path));
}

TEST_F(Cel, only_true_matches) {
  EXPECT_TRUE(CelExpression::compile("response.code >= 400")->matches(info));
  EXPECT_FALSE(CelExpression::compile("response.code")->matches(info));
  EXPECT_FALSE(CelExpression::compile("upstream.port == 1")->matches(info));
}

}  // namespace
}  // namespace proa::observe
