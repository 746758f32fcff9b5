// Tables of what RFC 9113 forbids, each with the exact error: the cases of h2spec and of threats.md H1 to H5, H14.
#include <gtest/gtest.h>

#include "http/h2/test_peer.h"

namespace proa::http::h2::test {
namespace {

using namespace std::string_literals;

/// With stream 1 as `state` says, `bytes` end the connection.
struct Case {
  const char* reason;
  ErrorCode code;
  std::string bytes;
};

const std::string kOpen = headers(1, post(), false);

TEST(ServerErrors, of_the_connection) {
  const std::string kHalfHead = frame(FrameType::kHeaders, kFlagEndStream, 1, block(get()).substr(0, 3));
  for (const Case& c : std::vector<Case>{
           {"http2.frame_too_large", ErrorCode::kFrameSizeError, kOpen + data(1, std::string(16385, 'x'))},
           {"http2.frame_too_large", ErrorCode::kFrameSizeError,
            frame(FrameType::kHeaders, 4, 1, std::string(16385, 'x'))},
           {"http2.data_on_stream_0", ErrorCode::kProtocolError, data(0, "x")},
           {"http2.headers_on_stream_0", ErrorCode::kProtocolError, headers(0, get())},
           {"http2.priority_on_stream_0", ErrorCode::kProtocolError, frame(FrameType::kPriority, 0, 0, "12345")},
           {"http2.rst_stream_on_stream_0", ErrorCode::kProtocolError, rst(0)},
           {"http2.settings_on_stream", ErrorCode::kProtocolError, frame(FrameType::kSettings, 0, 1)},
           {"http2.ping_on_stream", ErrorCode::kProtocolError, frame(FrameType::kPing, 0, 1, "12345678")},
           {"http2.goaway_on_stream", ErrorCode::kProtocolError, frame(FrameType::kGoaway, 0, 1, "12345678")},
           {"http2.push_promise", ErrorCode::kProtocolError, kOpen + frame(FrameType::kPushPromise, 4, 1, "1234")},
           {"http2.even_stream_id", ErrorCode::kProtocolError, headers(2, get())},
           {"http2.stream_id_not_increasing", ErrorCode::kProtocolError, headers(5, get()) + headers(3, get())},
           {"http2.data_on_idle_stream", ErrorCode::kProtocolError, data(1, "x")},
           {"http2.rst_stream_on_idle_stream", ErrorCode::kProtocolError, rst(1)},
           {"http2.window_update_on_idle_stream", ErrorCode::kProtocolError, window_update(1, 1)},
           {"http2.unexpected_continuation", ErrorCode::kProtocolError,
            kOpen + frame(FrameType::kContinuation, 4, 1, "x")},
           {"http2.continuation_expected", ErrorCode::kProtocolError, kHalfHead + data(1, "x")},
           {"http2.continuation_expected", ErrorCode::kProtocolError, kHalfHead + ping()},
           {"http2.continuation_expected", ErrorCode::kProtocolError, kHalfHead + frame(FrameType{0xff}, 0, 0)},
           {"http2.continuation_expected", ErrorCode::kProtocolError, kHalfHead + headers(3, get())},
           {"http2.continuation_expected", ErrorCode::kProtocolError,
            kHalfHead + frame(FrameType::kContinuation, 4, 3)},
           {"http2.bad_padding", ErrorCode::kProtocolError,
            kOpen + frame(FrameType::kData, kFlagPadded, 1,
                          "\x04"
                          "abc")},
           {"http2.bad_padding", ErrorCode::kProtocolError, kOpen + frame(FrameType::kData, kFlagPadded, 1)},
           {"http2.bad_padding", ErrorCode::kProtocolError,
            frame(FrameType::kHeaders, kFlagPadded | kFlagEndHeaders, 1,
                  "\x04"
                  "abc")},
           {"http2.headers_too_short", ErrorCode::kFrameSizeError,
            frame(FrameType::kHeaders, kFlagPriority | kFlagEndHeaders, 1, "abcd")},
           {"http2.bad_rst_stream_size", ErrorCode::kFrameSizeError, kOpen + frame(FrameType::kRstStream, 0, 1, "abc")},
           {"http2.bad_settings_size", ErrorCode::kFrameSizeError, frame(FrameType::kSettings, 0, 0, "abcde")},
           {"http2.settings_ack_with_payload", ErrorCode::kFrameSizeError,
            frame(FrameType::kSettings, kFlagAck, 0, "abcdef")},
           {"http2.bad_enable_push", ErrorCode::kProtocolError, settings({{Setting::kEnablePush, 2}})},
           {"http2.bad_initial_window_size", ErrorCode::kFlowControlError,
            settings({{Setting::kInitialWindowSize, 0x80000000}})},
           {"http2.bad_max_frame_size", ErrorCode::kProtocolError, settings({{Setting::kMaxFrameSize, 16383}})},
           {"http2.bad_max_frame_size", ErrorCode::kProtocolError, settings({{Setting::kMaxFrameSize, 16777216}})},
           {"http2.bad_enable_connect_protocol", ErrorCode::kProtocolError,
            settings({{Setting::kEnableConnectProtocol, 2}})},
           {"http2.bad_ping_size", ErrorCode::kFrameSizeError, frame(FrameType::kPing, 0, 0, "1234567")},
           {"http2.bad_goaway_size", ErrorCode::kFrameSizeError, frame(FrameType::kGoaway, 0, 0, "1234567")},
           {"http2.bad_window_update_size", ErrorCode::kFrameSizeError, frame(FrameType::kWindowUpdate, 0, 0, "abc")},
           {"http2.zero_window_update", ErrorCode::kProtocolError, window_update(0, 0)},
           {"http2.window_overflow", ErrorCode::kFlowControlError, window_update(0, 0x7fffffff)},
           {"http2.window_overflow", ErrorCode::kFlowControlError,
            kOpen + window_update(1, 0x7fff0000 - 1) + settings({{Setting::kInitialWindowSize, 0x7fffffff}})},
           {"http2.hpack_error", ErrorCode::kCompressionError, frame(FrameType::kHeaders, 5, 1, "\x80")},
           {"http2.hpack_error", ErrorCode::kCompressionError,
            frame(FrameType::kHeaders, 5, 1, "\xff\xff\xff\xff\xff\xff")},
           {"http2.headers_on_closed_stream", ErrorCode::kStreamClosed, kOpen + rst(1) + headers(1, post())},
           {"http2.depends_on_itself", ErrorCode::kProtocolError, frame(FrameType::kPriority, 0, 1, u32(1) + "x")},
           {"http2.bad_priority_size", ErrorCode::kFrameSizeError, frame(FrameType::kPriority, 0, 1, "1234")},
       }) {
    Server server;
    server.send(c.bytes);
    EXPECT_EQ(server.codec.error(), c.reason);
    EXPECT_TRUE(server.codec.finished()) << c.reason;
    auto frames = server.sent();
    ASSERT_FALSE(frames.empty()) << c.reason;
    EXPECT_EQ(frames.back().type, FrameType::kGoaway) << c.reason;
    EXPECT_EQ(frames.back().code(), c.code) << c.reason;
    EXPECT_EQ(frames.back().payload.substr(8), c.reason);
    for (auto& request : server.handler.requests) EXPECT_TRUE(request->reset) << c.reason;
  }
}

TEST(ServerErrors, of_the_preface) {
  for (const std::string& bytes : {"GET / HTTP/1.1\r\nHost: a\r\n\r\n"s, std::string(kClientPreface) + ping(),
                                   std::string(kClientPreface) + settings_ack(), "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"s}) {
    Owner owner;
    Handler handler;
    Http2Options options;
    ServerConnection codec(owner, handler, options, MonoTime());
    codec.receive(bytes, MonoTime());
    EXPECT_TRUE(codec.finished());
    EXPECT_EQ(take_frames(codec, MonoTime()).back().code(), ErrorCode::kProtocolError);
  }
}

TEST(ServerErrors, of_a_stream) {
  for (const Case& c : std::vector<Case>{
           {"http2.data_after_end_stream", ErrorCode::kStreamClosed, headers(1, get()) + data(1, "x")},
           {"http2.headers_after_end_stream", ErrorCode::kStreamClosed, headers(1, get()) + headers(1, get())},
           {"http2.zero_window_update", ErrorCode::kProtocolError, kOpen + window_update(1, 0)},
           {"http2.window_overflow", ErrorCode::kFlowControlError, kOpen + window_update(1, 0x7fffffff)},
           {"http2.trailers_without_end_stream", ErrorCode::kProtocolError, kOpen + headers(1, {{"a", "b"}}, false)},
           {"http2.pseudo_header_in_trailers", ErrorCode::kProtocolError, kOpen + headers(1, {{":method", "GET"}})},
           {"http2.forbidden_trailer", ErrorCode::kProtocolError, kOpen + headers(1, {{"content-length", "0"}})},
           {"http2.forbidden_trailer", ErrorCode::kProtocolError, kOpen + headers(1, {{"host", "a"}})},
           {"http2.connection_specific_header", ErrorCode::kProtocolError,
            kOpen + headers(1, {{"transfer-encoding", "chunked"}})},
           {"http2.invalid_header_name", ErrorCode::kProtocolError, kOpen + headers(1, {{"Upper", "x"}})},
           {"http2.bad_priority_size", ErrorCode::kFrameSizeError, kOpen + frame(FrameType::kPriority, 0, 1, "1234")},
           {"http2.depends_on_itself", ErrorCode::kProtocolError,
            kOpen + frame(FrameType::kPriority, 0, 1, u32(1) + "x")},
           {"http2.body_longer_than_content_length", ErrorCode::kProtocolError,
            headers(1, with(post(), {{"content-length", "3"}}), false) + data(1, "1234")},
           {"http2.body_shorter_than_content_length", ErrorCode::kProtocolError,
            headers(1, with(post(), {{"content-length", "3"}}), false) + data(1, "12", true)},
           {"http2.body_shorter_than_content_length", ErrorCode::kProtocolError,
            headers(1, with(post(), {{"content-length", "3"}}), false) + data(1, "12") + headers(1, {{"a", "b"}})},
           {"http2.body_longer_than_content_length", ErrorCode::kProtocolError,
            headers(1, with(post(), {{"content-length", "0"}}), false) + data(1, "1")},
       }) {
    Server server;
    server.send(c.bytes + ping());
    EXPECT_EQ(server.codec.error(), "") << c.reason;
    ASSERT_EQ(server.handler.requests.size(), 1u);
    EXPECT_EQ(server.request().details, c.reason);
    EXPECT_EQ(server.request().reason, ResetReason::kProtocolError);
    auto frames = server.sent();
    ASSERT_EQ(frames.size(), 2u) << c.reason;  // and the connection goes on: the PING is answered
    EXPECT_EQ(frames[0].type, FrameType::kRstStream);
    EXPECT_EQ(frames[0].code(), c.code) << c.reason;
    EXPECT_EQ(frames[1].type, FrameType::kPing);
  }
}

TEST(ServerErrors, frames_after_the_end_of_a_stream) {
  Server server;
  server.handler.answer_at_once = true;
  server.send(headers(1, get()));
  server.sent();
  server.send(data(1, "x"));
  EXPECT_EQ(server.sent().at(0).code(), ErrorCode::kStreamClosed);
  server.send(headers(3, get()) + window_update(3, 1) + rst(3) + frame(FrameType::kPriority, 0, 3, u32(1) + "x"));
  server.sent();
  for (int i = 0; i < 2; ++i) server.send(frame(FrameType::kPriority, 0, 3, "1234"));
  auto frames = server.sent();
  ASSERT_EQ(frames.size(), 1u);  // once
  EXPECT_EQ(frames[0].code(), ErrorCode::kFrameSizeError);
  EXPECT_EQ(server.codec.error(), "");
  server.send(headers(5, get()) + headers(5, get()));
  EXPECT_EQ(server.codec.error(), "http2.headers_on_closed_stream");
}

TEST(ServerErrors, malformed_requests_reach_no_handler) {
  struct Malformed {
    const char* reason;
    Fields fields;
    bool end = true;
  };
  Fields base = {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a"}};
  auto without = [&](std::string_view name) {
    Fields fields;
    for (auto& field : base) {
      if (field.first != name) fields.push_back(field);
    }
    return fields;
  };
  auto changed = [&](std::string_view name, std::string value) {
    Fields fields = base;
    for (auto& field : fields) {
      if (field.first == name) field.second = value;
    }
    return fields;
  };
  for (const Malformed& c : std::vector<Malformed>{
           {"http2.missing_method", without(":method")},
           {"http2.missing_scheme", without(":scheme")},
           {"http2.missing_path", without(":path")},
           {"http2.missing_authority", without(":authority")},
           {"http2.invalid_method", changed(":method", "G ET")},
           {"http2.invalid_method", changed(":method", "get")},
           {"http2.invalid_method", changed(":method", "")},
           {"http2.invalid_scheme", changed(":scheme", "ftp")},
           {"http2.invalid_scheme", changed(":scheme", "http://evil/?")},
           {"http2.empty_path", changed(":path", "")},
           {"http2.invalid_path", changed(":path", "no-slash")},
           {"http2.invalid_path", changed(":path", "*")},
           {"http2.invalid_path", changed(":path", "/a b")},
           {"http2.invalid_path", changed(":path", "/a#b")},
           {"http2.invalid_path", changed(":path", "/\xc3\xa4")},
           {"http2.invalid_header_value", changed(":path", "/a\r\nx: y")},
           {"http2.invalid_authority", changed(":authority", "user@a")},
           {"http2.invalid_authority", changed(":authority", "a/b")},
           {"http2.invalid_authority", changed(":authority", "")},
           {"http2.invalid_authority", changed(":authority", "a:99999")},
           {"http2.status_in_request", with({{":status", "200"}}, base)},
           {"http2.unknown_pseudo_header", with({{":x", "200"}}, base)},
           {"http2.pseudo_header_after_header", with({{"a", "b"}}, base)},
           {"http2.duplicate_pseudo_header", with({{":path", "/"}}, base)},
           {"http2.duplicate_host", with(base, {{"host", "a"}, {"host", "a"}})},
           {"http2.connection_specific_header", with(base, {{"connection", "x"}})},
           {"http2.connection_specific_header", with(base, {{"transfer-encoding", "chunked"}})},
           {"http2.invalid_te", with(base, {{"te", "chunked"}})},
           {"http2.invalid_header_name", with(base, {{"a:b", "x"}})},
           {"http2.invalid_header_value", with(base, {{"a", "x\ny"}})},
           {"http2.body_shorter_than_content_length", with(base, {{"content-length", "1"}})},
           {"http2.invalid_content_length", with(base, {{"content-length", "0x1"}})},
           {"http2.duplicate_content_length", with(base, {{"content-length", "0"}, {"content-length", "0"}})},
           {"http2.invalid_protocol", with({{":protocol", "websocket"}}, base)},
           {"http2.connect_with_path_or_scheme", changed(":method", "CONNECT")},
           {"http2.connect_without_port", {{":method", "CONNECT"}, {":authority", "a"}}, false},
       }) {
    Http2Options options;
    options.allow_connect = true;
    Server server(options);
    server.send(headers(1, c.fields, c.end) + headers(3, get()));
    ASSERT_EQ(server.handler.malformed.size(), 1u) << c.reason;
    EXPECT_EQ(server.handler.malformed[0], (std::pair<uint16_t, std::string>(0, c.reason)));
    EXPECT_EQ(server.handler.requests.size(), 1u);  // the next one is fine
    auto frames = server.sent();
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].type, FrameType::kRstStream);
    EXPECT_EQ(frames[0].code(), ErrorCode::kProtocolError);
    EXPECT_EQ(server.owner.counted(CodecCounter::kBadRequest), 1);
  }
}

TEST(ServerErrors, asterisk_is_a_path_of_options_only) {
  Server server;
  server.send(headers(1, {{":method", "OPTIONS"}, {":scheme", "http"}, {":path", "*"}, {":authority", "a"}}));
  EXPECT_EQ(server.request().head->path, "*");
}

}  // namespace
}  // namespace proa::http::h2::test
