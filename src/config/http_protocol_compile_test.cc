#include "config/http_protocol_compile.h"

#include <gmock/gmock.h>

#include "config/test_compile.h"

namespace proa::config {
namespace {

namespace core = envoy::config::core::v3;
using testing::HasSubstr;

struct HttpProtocolCompile : CompileTest {
  http::Http1Options http1(std::string_view yaml) {
    http::Http1Options to;
    compile_http1_options(read<core::Http1ProtocolOptions>(yaml), to, at);
    return to;
  }
  http::Http2Options http2(std::string_view yaml) {
    http::Http2Options to;
    compile_http2_options(read<core::Http2ProtocolOptions>(yaml), to, at);
    return to;
  }
};

TEST_F(HttpProtocolCompile, what_is_not_said_keeps_the_codecs_defaults) {
  const http::Http1Options one = http1("{}");
  EXPECT_FALSE(one.accept_http_10 || one.enable_trailers || one.allow_custom_methods || one.proper_case_headers);
  EXPECT_EQ(one.allow_absolute_url, http::Http1Options().allow_absolute_url);
  EXPECT_EQ(one.preserve_case, http::PreserveCase::kNo);
  const http::Http2Options two = http2("{}"), defaults;
  EXPECT_EQ(two.max_concurrent_streams, defaults.max_concurrent_streams);
  EXPECT_EQ(two.stream_window, defaults.stream_window);
  EXPECT_EQ(two.max_outbound_frames, defaults.max_outbound_frames);
  EXPECT_EQ(two.keepalive_interval, kNever);
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(HttpProtocolCompile, http1) {
  const http::Http1Options to = http1(
      "{accept_http_10: true, default_host_for_http_10: h.test, allow_absolute_url: false, enable_trailers: true, "
      "allow_custom_methods: true, header_key_format: {proper_case_words: {}}}");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_TRUE(to.accept_http_10 && to.enable_trailers && to.allow_custom_methods && to.proper_case_headers);
  EXPECT_FALSE(to.allow_absolute_url);
  EXPECT_EQ(to.default_host_for_http_10, "h.test");
}

TEST_F(HttpProtocolCompile, names_keep_their_case) {
  auto to = [this](std::string_view more) {
    return http1(
               "{header_key_format: {stateful_formatter: {name: p, typed_config: {\"@type\": "
               "type.googleapis.com/envoy.extensions.http.header_formatters.preserve_case.v3."
               "PreserveCaseFormatterConfig" +
               std::string(more) + "}}}}")
        .preserve_case;
  };
  EXPECT_EQ(to(""), http::PreserveCase::kYes);
  EXPECT_EQ(to(", formatter_type_on_envoy_headers: PROPER_CASE"), http::PreserveCase::kElseProperCase);
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(HttpProtocolCompile, two_lengths_of_a_message_stay_refused) {
  http1("{allow_chunked_length: true}");
  EXPECT_THAT(problem_lines(), HasSubstr("allow_chunked_length: "));
}

TEST_F(HttpProtocolCompile, http2) {
  const http::Http2Options to = http2(
      "{max_concurrent_streams: 7, initial_stream_window_size: 65535, initial_connection_window_size: 65536, "
      "hpack_table_size: 0, allow_connect: true, max_outbound_frames: 11, max_outbound_control_frames: 12, "
      "max_consecutive_inbound_frames_with_empty_payload: 13, max_inbound_priority_frames_per_stream: 14, "
      "max_inbound_window_update_frames_per_data_frame_sent: 15, connection_keepalive: {interval: 1s, timeout: 2s}}");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to.max_concurrent_streams, 7U);
  EXPECT_EQ(to.stream_window, 65535U);
  EXPECT_EQ(to.connection_window, 65536U);
  EXPECT_EQ(to.hpack_table_size, 0U);
  EXPECT_TRUE(to.allow_connect);
  EXPECT_EQ(to.max_outbound_frames, 11U);
  EXPECT_EQ(to.max_outbound_control_frames, 12U);
  EXPECT_EQ(to.max_consecutive_empty_frames, 13U);
  EXPECT_EQ(to.max_priority_frames_per_stream, 14U);
  EXPECT_EQ(to.max_window_updates_per_data_frame, 15U);
  EXPECT_EQ(to.keepalive_interval, Milliseconds(1000));
  EXPECT_EQ(to.keepalive_timeout, Milliseconds(2000));
}

TEST_F(HttpProtocolCompile, a_ping_after_idleness_is_not_there) {
  http2("{connection_keepalive: {timeout: 2s, connection_idle_interval: 1s}}");
  EXPECT_THAT(problem_lines(), HasSubstr("connection_keepalive.connection_idle_interval: "));
}

TEST_F(HttpProtocolCompile, limits_of_heads) {
  http::CommonCodecOptions to;
  compile_codec_limits(
      read<core::HttpProtocolOptions>("{max_headers_count: 9, headers_with_underscores_action: DROP_HEADER}"), to);
  EXPECT_EQ(to.max_headers, 9U);
  EXPECT_EQ(to.underscores, http::UnderscoreAction::kDropHeader);
  compile_codec_limits(read<core::HttpProtocolOptions>("{headers_with_underscores_action: REJECT_REQUEST}"), to);
  EXPECT_EQ(to.underscores, http::UnderscoreAction::kRejectRequest);
  compile_codec_limits({}, to);
  EXPECT_EQ(to.underscores, http::UnderscoreAction::kAllow);
}

}  // namespace
}  // namespace proa::config
