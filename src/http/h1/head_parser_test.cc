// Rows S1-S8 of the list of threats as tables: each input, and the answer that it gets.
#include "http/h1/head_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "http/h1/recording_peer.h"

namespace proa::http::h1 {
namespace {

using testing::ElementsAre;

struct Case {
  std::string_view input;
  std::string_view outcome;  ///< "status reason"
};

std::string outcome(std::string_view input, const Http1Options& options = {}) {
  RecordingServer server(options);
  server.receive(input);
  if (server.log.empty()) return "incomplete";
  std::string answer = server.take_output();
  std::string& first = server.log.front();
  if (!first.starts_with("malformed ")) return first;
  EXPECT_TRUE(server.codec.finished()) << input;
  EXPECT_EQ(server.log.size(), 1u) << input;
  EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 " + first.substr(10, 3) + " ")) << input;
  EXPECT_THAT(answer, testing::HasSubstr("connection: close")) << input;
  EXPECT_EQ(server.codec.error(), first.substr(14)) << input;
  return first.substr(10);
}

void expect(std::initializer_list<Case> cases, const Http1Options& options = {}) {
  for (auto [input, expected] : cases) EXPECT_EQ(outcome(input, options), expected) << input;
}

std::string with(std::string_view fields) { return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n"; }

Http1Options http_10() {
  Http1Options options;
  options.accept_http_10 = true;
  return options;
}

TEST(RequestHead, refuses_both_lengths_at_once) {  // S1
  for (std::string_view fields :
       {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"}) {
    EXPECT_EQ(outcome(with(fields)), "400 http1.content_length_and_chunked_not_allowed");
  }
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"),
            "400 http1.content_length_and_chunked_not_allowed");
  EXPECT_EQ(outcome("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", http_10()),
            "400 http1.transfer_encoding_not_allowed");
}

TEST(RequestHead, takes_chunked_and_nothing_else) {  // S2
  for (std::string_view value : {"chunked", "CHUNKED", " chunked\t", "\tChunked "}) {
    EXPECT_EQ(outcome(with("Transfer-Encoding:" + std::string(value) + "\r\n")), "request POST / @a") << value;
  }
  for (std::string_view coding : {"gzip", "identity", "xchunked", "chunkedx", "chunk"}) {
    EXPECT_EQ(outcome(with("Transfer-Encoding: " + std::string(coding) + "\r\n")),
              "501 http1.invalid_transfer_encoding");
  }
  for (std::string_view value : {"chunked, identity", "identity, chunked", "chunked, chunked", ",chunked", "chunked,",
                                 "", "\"chunked\"", "chunked;a=b", "chunked ;", "chun ked",
                                 "\xa0"
                                 "chunked",
                                 "chunked\xff", "gzip, chunked"}) {
    EXPECT_EQ(outcome(with("Transfer-Encoding: " + std::string(value) + "\r\n")), "400 http1.invalid_transfer_encoding")
        << value;
  }
  EXPECT_EQ(outcome(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
            "400 http1.invalid_transfer_encoding");
  for (char control : {'\v', '\f', '\0', '\x1b', '\x7f'}) {
    EXPECT_EQ(outcome(with("Transfer-Encoding: " + std::string(1, control) + "chunked\r\n")),
              "400 http1.invalid_characters");
    EXPECT_EQ(outcome(with("Transfer-Encoding: chunked" + std::string(1, control) + "\r\n")),
              "400 http1.invalid_characters");
  }
  expect({{with("Transfer-Encoding : chunked\r\n"), "400 http1.space_before_colon"},
          {with("Transfer-Encoding\t: chunked\r\n"), "400 http1.space_before_colon"},
          {with(" Transfer-Encoding: chunked\r\n"), "400 http1.obs_fold"},
          {with("Transfer-Encoding:\r\n chunked\r\n"), "400 http1.obs_fold"},
          {with("X: y\rTransfer-Encoding: chunked\r\n"), "400 http1.bare_cr"},
          {with("X: y\nTransfer-Encoding: chunked\r\n"), "400 http1.bare_lf"},
          {with("Transfer_Encoding: chunked\r\n"), "400 http1.unexpected_underscore"},
          {with("Transfer-Encod\r\ning: chunked\r\n"), "400 http1.missing_colon"}});
}

TEST(RequestHead, takes_content_length_as_digits_only) {  // S3
  EXPECT_EQ(outcome(with("Content-Length: 5\r\n")), "request POST / @a content-length=5");
  EXPECT_EQ(outcome(with("Content-Length:9223372036854775807 \r\n")),
            "request POST / @a content-length=9223372036854775807");
  for (std::string_view value :
       {"+5", "-5", "0x5", "5,5", "5,6", "", "5;", "5.0", "5e0", "1_0", "5 5",
        "\xa0"
        "5",
        "9223372036854775808", "18446744073709551621", "4294967296000000000000000000000000000005"}) {
    EXPECT_EQ(outcome(with("Content-Length: " + std::string(value) + "\r\n")), "400 http1.invalid_content_length")
        << value;
  }
  expect({{with("Content-Length: 5\r\nContent-Length: 5\r\n"), "400 http1.duplicate_content_length"},
          {with("Content-Length: 5\r\nContent-Length: 6\r\n"), "400 http1.duplicate_content_length"},
          {with("Content-Length:\r\nContent-Length: 6\r\n"), "400 http1.duplicate_content_length"},
          {with("Content-Length : 5\r\n"), "400 http1.space_before_colon"},
          {with("Content-Length\x85: 5\r\n"), "400 http1.invalid_header_name"},
          {with("Content-Length: 5\v\r\n"), "400 http1.invalid_characters"},
          {with("Content-Length: 1\r\n 5\r\n"), "400 http1.obs_fold"}});
}

TEST(RequestHead, never_lets_connection_strip_framing_or_authority) {  // S3, P7
  EXPECT_EQ(outcome(with("Connection: Content-Length, Transfer-Encoding\r\nContent-Length: 5\r\n")),
            "request POST / @a content-length=5");
  EXPECT_EQ(outcome(with("Connection: Authorization, Forwarded, Cookie, X-Drop, X-Envoy-Internal\r\n"
                         "Authorization: b\r\nForwarded: 1\r\nCookie: c\r\nx-drop: d\r\nX-Keep: e\r\n"
                         "x-envoy-internal: true\r\n")),
            "request POST / @a authorization=b forwarded=1 cookie=c x-keep=e x-envoy-internal=true");
  EXPECT_EQ(outcome(with("Connection: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\r\n")), "400 http1.connection_header_rejected");
  EXPECT_EQ(outcome(with("Connection: a b\r\n")), "400 http1.connection_header_rejected");
}

TEST(RequestHead, removes_hop_by_hop_fields) {
  EXPECT_EQ(outcome(with("Keep-Alive: 5\r\nProxy-Connection: x\r\nTE: trailers, deflate;q=0.5\r\nUpgrade: x\r\n"
                         "HTTP2-Settings: AA\r\nTrailer: x\r\nX: 1\r\n")),
            "request POST / @a te trailer=x x=1");
}

TEST(RequestHead, refuses_malformed_lines) {  // S6
  expect({{with("X: a\rb\r\n"), "400 http1.bare_cr"},
          {with("X: a\r\r\n"), "400 http1.bare_cr"},
          {with("X: a\n"), "400 http1.bare_lf"},
          {"GET / HTTP/1.1\nHost: a\n\n", "400 http1.bare_lf"},
          {with(std::string_view("X: a\0b\r\n", 8)), "400 http1.invalid_characters"},
          {with(std::string_view("X\0: a\r\n", 7)), "400 http1.invalid_characters"},
          {with("X: a\r\n b\r\n"), "400 http1.obs_fold"},
          {with("X: a\r\n\tb: c\r\n"), "400 http1.obs_fold"},
          {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", "400 http1.obs_fold"},
          {with("X : a\r\n"), "400 http1.space_before_colon"},
          {with(": a\r\n"), "400 http1.empty_header_name"},
          {with("X\r\n"), "400 http1.missing_colon"},
          {with("X(: a\r\n"), "400 http1.invalid_header_name"},
          {with("X@y: a\r\n"), "400 http1.invalid_header_name"},
          {with("X y: a\r\n"), "400 http1.invalid_header_name"},
          {with("caf\xc3\xa9: a\r\n"), "400 http1.invalid_header_name"}});
}

TEST(RequestHead, allows_odd_but_valid_fields) {
  EXPECT_EQ(outcome(with("X:a\r\nY: \t b c \t\r\nZ:\r\n!#$%&'*+-.^`|~: \xc3\xa9 :,\"\r\n")),
            "request POST / @a x=a y=b c z= !#$%&'*+-.^`|~=\xc3\xa9 :,\"");
}

TEST(RequestHead, wants_exactly_one_valid_host) {  // S7
  for (std::string_view host : {"a b", "a/b", "u@a", "a?", "a,b", "[::1", "[gg]", "a:99999", "a:", "", "a#b", "a\\b"}) {
    EXPECT_EQ(outcome("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"), "400 http1.invalid_authority")
        << host;
  }
  expect({{"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400 http1.duplicate_host"},
          {"GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n", "400 http1.duplicate_host"},
          {"GET / HTTP/1.1\r\n\r\n", "400 http1.missing_host"},
          {"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "request GET / @[::1]:80"},
          {"GET / HTTP/1.1\r\nHost: A.b:80\r\n\r\n", "request GET / @A.b:80"}});
}

TEST(RequestHead, compares_the_absolute_form_with_host) {  // S7
  expect({{"GET http://a.b/c HTTP/1.1\r\nHost: a.b\r\n\r\n", "request GET /c @a.b scheme=http"},
          {"GET https://a.b HTTP/1.1\r\nHost: A.B\r\n\r\n", "request GET / @a.b scheme=https"},
          {"GET http://a.b/c HTTP/1.1\r\nHost: other\r\n\r\n", "400 http1.host_differs_from_target"},
          {"GET http://a.b/c HTTP/1.1\r\nHost: a.b:80\r\n\r\n", "400 http1.host_differs_from_target"},
          {"GET http://a.b/c HTTP/1.1\r\n\r\n", "400 http1.missing_host"},
          {"GET gopher://a.b/ HTTP/1.1\r\nHost: a.b\r\n\r\n", "400 http1.invalid_scheme"},
          {"CONNECT a.b:80 HTTP/1.1\r\nHost: other:80\r\n\r\n", "400 http1.host_differs_from_target"},
          {"CONNECT a.b HTTP/1.1\r\nHost: a.b\r\n\r\n", "400 http1.invalid_authority"},
          {"CONNECT http://a.b/ HTTP/1.1\r\nHost: a.b\r\n\r\n", "400 http1.invalid_authority"},
          {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "request OPTIONS * @a"},
          {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_url"}});
  Http1Options options;
  options.allow_absolute_url = false;
  EXPECT_EQ(outcome("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", options), "400 http1.absolute_url_not_allowed");
}

TEST(RequestHead, wants_a_strict_request_line) {  // S8
  expect({{"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_version"},
          {"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_version"},
          {"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_method"},
          {"GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_request_line"},
          {"GET /\t HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_url"},
          {"GET /\v HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_characters"},
          {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_method"},
          {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "400 http1.invalid_version"},
          {"GET / HTTP/1.1x\r\nHost: a\r\n\r\n", "400 http1.invalid_version"},
          {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", "400 http1.invalid_version"},
          {"GET / HTTP/1.10\r\nHost: a\r\n\r\n", "400 http1.invalid_version"},
          {"GET / http/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_version"},
          {"GET / HTTP/0.9\r\nHost: a\r\n\r\n", "505 http1.unsupported_version"},
          {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", "505 http1.unsupported_version"},
          {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505 http1.unsupported_version"},
          {"GET /\r\n\r\n", "400 http1.invalid_request_line"},
          {"GET\r\n\r\n", "400 http1.invalid_method"},
          {"GET  HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_url"},
          {"G@T / HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_method"},
          {"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.fragment_in_url"},
          {"GET /caf\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_url"},
          {"GET a HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_url"},
          {"GET / HTTP/1.1\r\n\r\nHost: a\r\n\r\n", "400 http1.missing_host"},
          {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "request GET / @a"},
          {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_method"},
          {"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.bare_lf"},
          {"\x16\x03\x01\x02", "400 http1.invalid_characters"}});
}

TEST(RequestHead, knows_custom_methods_when_allowed) {
  EXPECT_EQ(outcome("PURGE / HTTP/1.1\r\nHost: a\r\n\r\n"), "request PURGE / @a");
  Http1Options options;
  options.allow_custom_methods = false;
  EXPECT_EQ(outcome("FROB / HTTP/1.1\r\nHost: a\r\n\r\n", options), "400 http1.unknown_method");
  EXPECT_EQ(outcome("get / HTTP/1.1\r\nHost: a\r\n\r\n", options), "400 http1.unknown_method");
  EXPECT_EQ(outcome("PURGE / HTTP/1.1\r\nHost: a\r\n\r\n", options), "request PURGE / @a");
}

TEST(RequestHead, a_client_cannot_have_its_host_or_address_dropped) {
  for (const char* name : {"Host", "X-Forwarded-For", "x-forwarded-host", "x-forwarded-proto"}) {
    EXPECT_EQ(outcome(with("Connection: x, " + std::string(name) + "\r\n")), "400 http1.connection_header_rejected");
  }
  EXPECT_EQ(outcome(with("Connection: authorization\r\nAuthorization: b\r\nContent-Length: 0\r\n")),
            "request POST / @a authorization=b content-length=0");
}

TEST(RequestHead, refuses_bodies_where_there_are_none) {
  expect({{"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 1\r\n\r\n", "400 http1.content_length_not_allowed"},
          {"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nTransfer-Encoding: chunked\r\n\r\n",
           "400 http1.transfer_encoding_not_allowed"},
          {"TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", "400 http1.body_disallowed"}});
}

TEST(RequestHead, knows_one_expectation) {
  EXPECT_EQ(outcome(with("Expect: 100-Continue\r\nContent-Length: 1\r\n")),
            "request POST / @a expect content-length=1");
  EXPECT_EQ(outcome(with("Expect: 200-ok\r\n")), "417 http1.unknown_expectation");
}

TEST(RequestHead, limits_size_and_number) {  // P8
  Http1Options options;
  options.max_head_bytes = 1000;
  options.max_headers = 10;
  EXPECT_EQ(outcome("GET /" + std::string(2000, 'a'), options), "431 http1.headers_too_large");
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\nX: " + std::string(2000, 'a'), options), "431 http1.headers_too_large");
  std::string many;
  for (int i = 0; i < 9; ++i) many += "X: y\r\n";
  EXPECT_EQ(outcome(with(many), options).substr(0, 7), "request");
  EXPECT_EQ(outcome(with(many + "X: y\r\n"), options), "431 http1.too_many_headers");
}

TEST(RequestHead, has_three_rules_for_underscores) {  // P9
  Http1Options options;
  options.underscores = UnderscoreAction::kAllow;
  EXPECT_EQ(outcome(with("X_y: 1\r\nZ: 2\r\n"), options), "request POST / @a x_y=1 z=2");
  options.underscores = UnderscoreAction::kDropHeader;
  EXPECT_EQ(outcome(with("X_y: 1\r\nZ: 2\r\n"), options), "request POST / @a z=2");
  options.underscores = UnderscoreAction::kRejectRequest;
  EXPECT_EQ(outcome(with("X_y: 1\r\nZ: 2\r\n"), options), "400 http1.unexpected_underscore");

  RecordingServer dropped(Http1Options{});
  dropped.options.underscores = UnderscoreAction::kDropHeader;
  dropped.receive(with("X_y: 1\r\nZ_: 2\r\n"));
  EXPECT_EQ(dropped.owner.counted(CodecCounter::kHeadersWithUnderscoresDropped), 2);
}

TEST(RequestHead, lowers_names_of_every_length_and_alignment) {
  for (size_t size = 1; size < 80; ++size) {
    std::string upper(size, 'Q'), lower(size, 'q');
    EXPECT_EQ(outcome(with(upper + ":VALUE\r\n")), "request POST / @a " + lower + "=VALUE");
  }
}

TEST(RequestHead, makes_one_copy_in_the_arena) {
  std::string input = with("X: y\r\n");
  Arena arena;
  RequestHead head(arena);
  Framing framing;
  ASSERT_FALSE(parse_request_head(input, {}, arena, head, framing));
  input.assign(input.size(), '?');
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.headers.all()[0].value, "y");
}

TEST(HeadScanner, goes_on_where_it_stopped) {
  std::string input = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  HeadScanner scanner;
  for (size_t size = 0; size < input.size(); ++size) {
    ASSERT_EQ(scanner.scan(std::string_view(input).substr(0, size)), HeadScanner::Result::kIncomplete);
    EXPECT_GE(scanner.size() + 4, size);  // only the last bytes are looked at twice
  }
  EXPECT_EQ(scanner.scan(input), HeadScanner::Result::kComplete);
  EXPECT_EQ(scanner.size(), input.size());
}

}  // namespace
}  // namespace proa::http::h1
