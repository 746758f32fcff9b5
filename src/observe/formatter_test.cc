#include "observe/formatter.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "net/transport.h"
#include "observe/metadata.h"

namespace proa::observe {
namespace {

using std::chrono::milliseconds;

struct Exchange {
  Arena arena;
  http::RequestHead request{arena};
  http::ResponseHead response{arena};
  http::HeaderList trailers{arena};
  net::ConnectionInfo connection;
  net::Address upstream = net::Address::parse("10.0.0.5:8080").value();
  StreamInfo info;

  Exchange() {
    request.method = "GET";
    request.scheme = "https";
    request.authority = "example.com";
    request.path = "/a/b?x=1&y=a%20b";
    request.headers.add("user-agent", "curl/8");
    request.headers.add("x-request-id", "id-1");
    response.status = 200;
    response.headers.add("content-type", "text/plain");
    connection.local = net::Address::parse("10.0.0.1:443").value();
    connection.remote = net::Address::parse("10.0.0.9:5555").value();
    connection.direct_remote = connection.remote;
    connection.sni = "sni.example";
    connection.id = 7;
    info.downstream = &connection;
    info.request = &request;
    info.response = &response;
    info.response_trailers = &trailers;
    info.response_code = 200;
    info.bytes_sent = 12;
    info.bytes_received = 3;
    info.upstream_remote = &upstream;
    info.upstream_cluster = "outbound|80||a";
    info.start_wall = WallTime(std::chrono::seconds(1'700'000'000) + milliseconds(123));
    info.start = MonoTime(std::chrono::seconds(100));
    info.end = info.start + milliseconds(45);
    info.request_end = info.start + milliseconds(1);
    info.upstream_first_rx = info.start + std::chrono::microseconds(40'500);
  }
};

std::string text(std::string_view format, const StreamInfo& info, FormatTarget target = FormatTarget::kLog) {
  auto formatter = Formatter::compile(format, target);
  if (!formatter) return "error: " + formatter.error().message;
  std::string out;
  formatter->format(info, out);
  return out;
}

std::string json(const nlohmann::json& format, const StreamInfo& info, bool omit_empty = false) {
  auto formatter = JsonFormatter::compile(format, omit_empty);
  if (!formatter) return "error: " + formatter.error().message;
  std::string out;
  formatter->format(info, out);
  return out;
}

TEST(Formatter, envoy_s_default_line) {
  Exchange e;
  EXPECT_EQ(text(kDefaultLogFormat, e.info),
            "[2023-11-14T22:13:20.123Z] \"GET /a/b?x=1&y=a%20b HTTP/1.1\" 200 - 3 12 45 - \"-\" \"curl/8\" \"id-1\" "
            "\"example.com\" \"10.0.0.5:8080\"\n");
}

TEST(Formatter, bytes_of_both_wires) {
  Exchange e;
  e.info.downstream_bytes = {.received = 1, .sent = 2, .head_received = 3, .head_sent = 4};
  e.info.upstream_bytes = {.received = 5, .sent = 6, .head_received = 7, .head_sent = 8};
  EXPECT_EQ(text("%DOWNSTREAM_WIRE_BYTES_RECEIVED% %DOWNSTREAM_WIRE_BYTES_SENT% %DOWNSTREAM_HEADER_BYTES_RECEIVED% "
                 "%DOWNSTREAM_HEADER_BYTES_SENT%",
                 e.info),
            "1 2 3 4");
  EXPECT_EQ(text("%UPSTREAM_WIRE_BYTES_RECEIVED% %UPSTREAM_WIRE_BYTES_SENT% %UPSTREAM_HEADER_BYTES_RECEIVED% "
                 "%UPSTREAM_HEADER_BYTES_SENT%",
                 e.info),
            "5 6 7 8");
}

TEST(Formatter, literals_and_percent_signs) {
  Exchange e;
  EXPECT_EQ(text("", e.info), "");
  EXPECT_EQ(text("100%% of %PROTOCOL%%%", e.info), "100% of HTTP/1.1%");
  EXPECT_EQ(*Formatter::compile("50%%", FormatTarget::kLog).value().constant(), "50%");
  EXPECT_EQ(Formatter::compile("%PROTOCOL%", FormatTarget::kLog).value().constant(), nullptr);
}

TEST(Formatter, headers_with_alternatives_and_length) {
  Exchange e;
  EXPECT_EQ(text("%REQ(X-NONE?USER-AGENT)%", e.info), "curl/8");
  EXPECT_EQ(text("%REQ(USER-AGENT):4%", e.info), "curl");
  EXPECT_EQ(text("%REQ(X-NONE)%", e.info), "-");
  EXPECT_EQ(text("%RESP(content-type)% %RESP(:status)%", e.info), "text/plain 200");
  e.trailers.add("x-t", "tail");
  EXPECT_EQ(text("%TRAILER(x-t)%", e.info), "tail");
}

TEST(Formatter, paths_and_query) {
  Exchange e;
  EXPECT_EQ(text("%PATH(NQ)% %PATH% %REQ_WITHOUT_QUERY(:PATH)%", e.info), "/a/b /a/b?x=1&y=a%20b /a/b");
  EXPECT_EQ(text("%QUERY_PARAM(y)% %QUERY_PARAM(z)%", e.info), "a b -");
  e.request.headers.add("x-envoy-original-path", "/orig?q");
  EXPECT_EQ(text("%PATH(NQ:ORIG)% %PATH(NQ:PATH)% %PATH%", e.info), "/orig /a/b /orig?q");
}

TEST(Formatter, durations) {
  Exchange e;
  EXPECT_EQ(text("%DURATION% %REQUEST_DURATION% %RESPONSE_DURATION% %RESPONSE_TX_DURATION%", e.info), "45 1 40 4");
  EXPECT_EQ(text("%COMMON_DURATION(DS_RX_BEG:US_RX_BEG:us)% %COMMON_DURATION(US_TX_BEG:DS_TX_END:ns)%", e.info),
            "40500 -");
  EXPECT_EQ(text("%COMMON_DURATION(DS_RX_END:DS_RX_BEG)%", e.info), "-");
}

TEST(Formatter, times) {
  Exchange e;
  EXPECT_EQ(text("%START_TIME(%Y/%m/%dT%H:%M:%S %s.%3f %6f %f)%", e.info),
            "2023/11/14T22:13:20 1700000000.123 123000 123000000");
  EXPECT_EQ(text("%EMIT_TIME%", e.info), "2023-11-14T22:13:20.168Z");
}

TEST(Formatter, addresses_with_and_without_port) {
  Exchange e;
  EXPECT_EQ(
      text("%DOWNSTREAM_REMOTE_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %DOWNSTREAM_LOCAL_PORT%", e.info),
      "10.0.0.9:5555 10.0.0.9 443");
  auto client = net::Address::parse("[2001:db8::1]:9").value();
  e.info.remote_address = &client;
  EXPECT_EQ(text("%DOWNSTREAM_REMOTE_ADDRESS% %DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%", e.info),
            "[2001:db8::1]:9 10.0.0.9");
  EXPECT_EQ(text("%UPSTREAM_LOCAL_ADDRESS% %UPSTREAM_HOST_NAME_WITHOUT_PORT% %REQUESTED_SERVER_NAME%", e.info),
            "- 10.0.0.5 sni.example");
}

TEST(Formatter, flags_in_both_forms) {
  Exchange e;
  e.info.set(ResponseFlag::kNoHealthyUpstream);
  e.info.set(ResponseFlag::kUpstreamRetryLimitExceeded);
  EXPECT_EQ(text("%RESPONSE_FLAGS% %RESPONSE_FLAGS_LONG%", e.info),
            "URX,UH UpstreamRetryLimitExceeded,NoHealthyUpstream");
}

TEST(Formatter, grpc_status_in_its_forms) {
  Exchange e;
  e.trailers.add("grpc-status", "14");
  EXPECT_EQ(text("%GRPC_STATUS%", e.info), "-");
  e.request.headers.add("content-type", "application/grpc");
  EXPECT_EQ(text("%GRPC_STATUS% %GRPC_STATUS(SNAKE_STRING)% %GRPC_STATUS(NUMBER)% %GRPC_STATUS_NUMBER%", e.info),
            "Unavailable UNAVAILABLE 14 14");
}

TEST(Formatter, grpc_status_of_a_reply_without_one_comes_from_its_code) {
  Exchange e;
  e.request.headers.add("content-type", "application/grpc");
  e.info.response_code = 503;
  EXPECT_EQ(text("%GRPC_STATUS%", e.info), "Unavailable");
}

TEST(Formatter, metadata_of_every_kind) {
  Exchange e;
  mutable_metadata(e.info, e.arena).root = {{"ns", {{"a", {{"b", "text"}, {"n", 3.0}}}}}};
  Metadata route;
  route.root = {{"ns", {{"k", true}}}};
  e.info.route_metadata = &route;
  mutable_filter_state(e.info, e.arena).root = {{"key", {{"field", "v"}}}, {"plain", "p"}};
  EXPECT_EQ(text("%DYNAMIC_METADATA(ns:a:b)% %DYNAMIC_METADATA(ns:a)% %DYNAMIC_METADATA(ns:x)%", e.info),
            "text {\"b\":\"text\",\"n\":3} -");
  EXPECT_EQ(
      text("%METADATA(ROUTE:ns:k)% %METADATA(DYNAMIC:ns:a:n)% %DYNAMIC_METADATA([\"ns\", \"a\", \"b\"])%", e.info),
      "true 3 text");
  EXPECT_EQ(text("%FILTER_STATE(key:FIELD:field)% %FILTER_STATE(plain:PLAIN)%", e.info), "v p");
}

TEST(Formatter, tls_of_both_sides) {
  Exchange e;
  auto tls = std::make_shared<net::TlsInfo>();
  tls->version = "TLSv1.3";
  net::CertificateInfo peer, local;
  peer.uri_sans = {"spiffe://a", "spiffe://b"};
  peer.valid_from = e.info.start_wall;
  local.subject = "CN=me";
  tls->peer = std::make_shared<net::CertificateInfo>(peer);
  tls->local = std::make_shared<net::CertificateInfo>(local);
  e.connection.tls = tls;
  EXPECT_EQ(text("%DOWNSTREAM_TLS_VERSION% %DOWNSTREAM_PEER_URI_SAN% %DOWNSTREAM_LOCAL_SUBJECT% %UPSTREAM_TLS_VERSION% "
                 "%DOWNSTREAM_PEER_CERT_V_START(%Y)%",
                 e.info),
            "TLSv1.3 spiffe://a,spiffe://b CN=me - 2023");
}

TEST(Formatter, environment_and_fallbacks) {
  setenv("PROA_TEST_VARIABLE", "value", 1);
  Exchange e;
  EXPECT_EQ(text("%ENVIRONMENT(PROA_TEST_VARIABLE)% %ENVIRONMENT(PROA_TEST_NONE)%", e.info), "value -");
  EXPECT_EQ(text(R"(%COALESCE({"operators": ["TRACE_ID", {"command": "REQ", "param": "user-agent"}]})%)", e.info),
            "curl/8");
}

TEST(Formatter, a_unique_id_is_a_new_uuid_each_time) {
  Exchange e;
  std::string one = text("%UNIQUE_ID%", e.info), two = text("%UNIQUE_ID%", e.info);
  EXPECT_EQ(one.size(), 36u);
  EXPECT_EQ(one[14], '4');
  EXPECT_NE(one, two);
}

TEST(Formatter, errors_name_operator_position_and_the_nearest_known) {
  Exchange e;
  EXPECT_EQ(text("ab %RESPONSE_COD%", e.info),
            "error: at position 4: unknown operator RESPONSE_COD, did you mean RESPONSE_CODE?");
  EXPECT_EQ(text("%REQ%", e.info), "error: at position 1: operator REQ: needs a header name");
  EXPECT_EQ(text("%PROTOCOL(x)%", e.info), "error: at position 1: operator PROTOCOL takes no arguments");
  EXPECT_EQ(text("%REQ(x", e.info), "error: at position 1: \"%REQ(x\" has no closing \")\"");
  EXPECT_EQ(text("50%", e.info), "error: at position 3: \"%\" is no operator; write %% for a percent sign");
  EXPECT_EQ(text("%REQ(x):z%", e.info), "error: at position 1: \"%REQ(x):z%\" needs a number behind \":\"");
  EXPECT_NE(text("%GRPC_STATUS(X)%", e.info).find("CAMEL_STRING"), std::string::npos);
}

TEST(Formatter, a_client_cannot_forge_a_line) {
  Exchange e;
  mutable_metadata(e.info, e.arena).root["ns"]["k"] = "a\nb\x7f";
  EXPECT_EQ(text("%DYNAMIC_METADATA(ns:k)%\n", e.info), "a\\x0ab\\x7f\n");
  EXPECT_EQ(text("%DYNAMIC_METADATA(ns:k)%", e.info, FormatTarget::kHeader), "a b ");
  EXPECT_EQ(text("%DYNAMIC_METADATA(ns:k)%", e.info, FormatTarget::kBody), "a\nb\x7f");
}

TEST(Formatter, absent_values_are_left_out_when_asked) {
  Exchange e;
  auto formatter = Formatter::compile("a%REQ(none)%b", FormatTarget::kLog, true).value();
  std::string out;
  formatter.format(e.info, out);
  EXPECT_EQ(out, "ab");
}

TEST(JsonFormatter, keeps_types_and_nesting) {
  Exchange e;
  EXPECT_EQ(json({{"code", "%RESPONSE_CODE%"},
                  {"fixed", 7},
                  {"line", "%REQ(:METHOD)% %RESPONSE_CODE%"},
                  {"list", {"%PROTOCOL%", true}},
                  {"nested", {{"duration", "%DURATION%"}}},
                  {"none", "%REQ(none)%"}},
                 e.info),
            R"({"code":200,"fixed":7,"line":"GET 200","list":["HTTP/1.1",true],"nested":{"duration":45},"none":null})");
}

TEST(JsonFormatter, absent_values_are_left_out_when_asked) {
  Exchange e;
  EXPECT_EQ(json({{"a", "%REQ(none)%"}, {"b", "%PROTOCOL%"}, {"c", "%REQ(none)%"}}, e.info, true),
            R"({"b":"HTTP/1.1"})");
}

TEST(JsonFormatter, whatever_the_bytes_it_is_one_line_that_parses_back) {
  std::string every;
  for (int c = 0; c < 256; ++c) every += static_cast<char>(c);
  std::string out;
  append_json_string(every, out);
  EXPECT_EQ(out.find('\n'), std::string::npos);
  for (char c : out) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  auto parsed = nlohmann::json::parse(out);
  // Bytes above 0x7f here are no UTF-8: each stands for the character of its number.
  std::u32string expected;
  std::string back = parsed.get<std::string>();
  for (int c = 0; c < 128; ++c) EXPECT_EQ(back[c], static_cast<char>(c));
  EXPECT_EQ(back.size(), 128u + 2 * 128);
  out.clear();
  append_json_string("grüße 🚣 \xe2\x82", out);
  EXPECT_EQ(out, "\"grüße 🚣 \\u00e2\\u0082\"");
}

TEST(JsonFormatter, errors_name_the_key) {
  Exchange e;
  EXPECT_EQ(json({{"a", {{"b", "%NOPE%"}}}}, e.info).substr(0, 22), "error: \"a\": \"b\": at po");
  EXPECT_EQ(json("text", e.info), "error: a JSON format must be an object");
}

}  // namespace
}  // namespace proa::observe
