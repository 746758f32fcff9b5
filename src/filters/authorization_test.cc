#include "filters/authorization.h"

#include <gtest/gtest.h>

#include <map>

#include "base/proto_reader.h"
#include "http/message.h"
#include "net/transport.h"
#include "observe/proto_writer.h"

namespace proa::filters {
namespace {

using observe::ProtoWriter;
using What = AuthorizationAnswer::What;

/// The bytes of the fields on the way down.
std::string_view inside(std::string_view message, std::initializer_list<unsigned> path) {
  for (unsigned field : path) {
    std::string_view found;
    for (ProtoReader fields(message); fields.next();) {
      if (fields.is_bytes(field)) found = fields.bytes();
    }
    message = found;
  }
  return message;
}

struct CheckRequest : testing::Test {
  CheckRequest() {
    request.method = "GET";
    request.path = "/a?b";
    request.authority = "shop.test";
    request.scheme = "http";
    request.headers.add("x-a", "1");
    request.headers.add("x-b", "2");
    request.headers.add("x-a", "3");
    connection.remote = *net::Address::parse("10.1.2.3:4000");
    connection.local = *net::Address::parse("10.0.0.1:80");
    info.downstream = &connection;
    info.remote_address = &connection.remote;
    info.request = &request;
  }
  std::map<std::string, std::string> headers(const AuthorizationService& service) {
    const std::string bytes = check_request(service, info, {});
    std::map<std::string, std::string> out;
    for (ProtoReader http(inside(bytes, {1, 4, 2})); http.next();) {
      if (!http.is_bytes(3)) continue;
      out[std::string(inside(http.bytes(), {1}))] = inside(http.bytes(), {2});
    }
    return out;
  }

  Arena arena;
  http::RequestHead request{arena};
  net::ConnectionInfo connection;
  observe::StreamInfo info;
};

TEST_F(CheckRequest, tells_of_both_ends_and_the_request) {
  const std::string bytes = check_request({}, info, {{"k", "v"}});
  EXPECT_EQ(inside(bytes, {1, 1, 1, 1, 2}), "10.1.2.3");
  EXPECT_EQ(inside(bytes, {1, 2, 1, 1, 2}), "10.0.0.1");
  EXPECT_EQ(inside(bytes, {1, 4, 2, 2}), "GET");
  EXPECT_EQ(inside(bytes, {1, 4, 2, 4}), "/a?b");
  EXPECT_EQ(inside(bytes, {1, 4, 2, 5}), "shop.test");
  EXPECT_EQ(inside(bytes, {1, 4, 2, 10}), "HTTP/1.1");
  EXPECT_EQ(inside(bytes, {1, 10, 1}), "k");
  EXPECT_EQ(inside(bytes, {1, 10, 2}), "v");
}

TEST_F(CheckRequest, has_each_header_once) {
  const auto all = headers({});
  EXPECT_EQ(all.at("x-a"), "1,3");
  EXPECT_EQ(all.at("x-b"), "2");
  EXPECT_EQ(all.at(":path"), "/a?b");
  EXPECT_EQ(all.size(), 6U);
}

TEST_F(CheckRequest, has_only_the_headers_that_it_may) {
  AuthorizationService service;
  service.allowed.push_back(http::StringMatcher::exact("x-a"));
  EXPECT_EQ(headers(service).size(), 1U);
  service.allowed.clear();
  service.disallowed.push_back(http::StringMatcher::exact("x-a"));
  EXPECT_FALSE(headers(service).contains("x-a"));
}

TEST_F(CheckRequest, names_peers_by_their_certificates) {
  auto tls = std::make_shared<net::TlsInfo>();
  auto peer = std::make_shared<net::CertificateInfo>();
  peer->uri_sans = {"spiffe://d/ns/n/sa/a"};
  tls->peer = peer;
  connection.tls = tls;
  EXPECT_EQ(inside(check_request({}, info, {}), {1, 1, 4}), "spiffe://d/ns/n/sa/a");
}

TEST_F(CheckRequest, a_connection_has_no_request) {
  info.request = nullptr;
  EXPECT_EQ(inside(check_request({}, info, {}), {1, 4}), "");
}

void header(ProtoWriter& to, unsigned field, std::string_view name, std::string_view value, bool append = false) {
  to.message(field, [&](ProtoWriter& option) {
    option.message(1, [&](ProtoWriter& pair) {
      pair.bytes(1, name);
      pair.bytes(2, value);
    });
    if (append) option.message(2, [](ProtoWriter& flag) { flag.varint(1, 1); });
  });
}

TEST(CheckResponse, allows_and_changes_headers) {
  std::string bytes;
  ProtoWriter(bytes).message(3, [](ProtoWriter& ok) {
    header(ok, 2, "X-User", "jane");
    header(ok, 2, "x-more", "1", true);
    header(ok, 2, "bad name", "1");
    header(ok, 2, "x-bad", "a\nb");
    header(ok, 2, ":path", "/elsewhere");
    ok.bytes(5, "x-gone");
    header(ok, 6, "x-told", "yes");
  });
  const AuthorizationAnswer answer = read_check_response(bytes);
  EXPECT_EQ(answer.what, What::kOk);
  EXPECT_EQ(answer.set, (HeaderPairs{{"x-user", "jane"}}));
  EXPECT_EQ(answer.append, (HeaderPairs{{"x-more", "1"}}));
  EXPECT_EQ(answer.remove, (std::vector<std::string>{"x-gone"}));
  EXPECT_EQ(answer.response_set, (HeaderPairs{{"x-told", "yes"}}));
}

TEST(CheckResponse, denies_with_what_it_says) {
  std::string bytes;
  ProtoWriter writer(bytes);
  writer.message(1, [](ProtoWriter& status) { status.varint(1, 7); });
  writer.message(2, [](ProtoWriter& denied) {
    denied.message(1, [](ProtoWriter& code) { code.varint(1, 401); });
    header(denied, 2, "x-why", "no");
    denied.bytes(3, "go away");
  });
  const AuthorizationAnswer answer = read_check_response(bytes);
  EXPECT_EQ(answer.what, What::kDenied);
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.body, "go away");
  EXPECT_EQ(answer.response_set, (HeaderPairs{{"x-why", "no"}}));
}

TEST(CheckResponse, a_denial_that_says_nothing_is_a_403) {
  std::string bytes;
  ProtoWriter(bytes).message(1, [](ProtoWriter& status) { status.varint(1, 16); });
  EXPECT_EQ(read_check_response(bytes).what, What::kDenied);
  EXPECT_EQ(read_check_response(bytes).status, 403);
}

TEST(CheckResponse, leaves_alone_how_a_message_is_framed) {
  constexpr const char* kNames[] = {"Content-Length", "transfer-encoding", "connection", "Host", "upgrade", "te"};
  std::string bytes;
  ProtoWriter(bytes).message(3, [&](ProtoWriter& ok) {
    for (const char* name : kNames) {
      header(ok, 2, name, "1");
      header(ok, 6, name, "1", true);
      ok.bytes(5, name);
    }
  });
  const AuthorizationAnswer answer = read_check_response(bytes);
  EXPECT_EQ(answer.what, What::kOk);
  EXPECT_TRUE(answer.set.empty());
  EXPECT_TRUE(answer.response_append.empty());
  EXPECT_TRUE(answer.remove.empty());
}

TEST(CheckResponse, what_cannot_be_read_is_an_error) {
  EXPECT_EQ(read_check_response("\x0a\x7f").what, What::kError);
  // Below the first level, too: a status that is cut off is not a status of 0.
  std::string bytes;
  ProtoWriter(bytes).bytes(1, "\x08");
  EXPECT_EQ(read_check_response(bytes).what, What::kError);
  bytes.clear();
  ProtoWriter(bytes).message(3, [](ProtoWriter& ok) {
    header(ok, 2, "x-user", "jane");
    ok.bytes(2, "\x0a\x7f");
  });
  const AuthorizationAnswer answer = read_check_response(bytes);
  EXPECT_EQ(answer.what, What::kError);
  EXPECT_TRUE(answer.set.empty());
}

TEST(CheckResponse, does_not_change_how_a_message_is_framed) {
  std::string bytes;
  ProtoWriter(bytes).message(3, [](ProtoWriter& ok) {
    for (const char* name : {"Content-Length", "transfer-encoding", "connection", "host", "upgrade"})
      header(ok, 2, name, "1");
  });
  const AuthorizationAnswer answer = read_check_response(bytes);
  EXPECT_EQ(answer.what, What::kOk);
  EXPECT_TRUE(answer.set.empty());
}

}  // namespace
}  // namespace proa::filters
