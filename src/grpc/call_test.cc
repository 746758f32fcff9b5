#include "grpc/call.h"

#include <gtest/gtest.h>

#include "grpc/unary.h"

namespace proa::grpc {
namespace {

// A stream that remembers what was sent, and an opener that gives it when told.
class FakeStream final : public http::ClientStream, public StreamOpener {
 public:
  void send_request(const http::RequestHead& head, bool) override {
    path = head.path;
    timeout = head.headers.value(http::HeaderId::kGrpcTimeout);
  }
  void send_data(std::string_view data, bool end) override {
    sent += data;
    ended = ended || end;
  }
  void send_trailers(const http::HeaderList&) override {}
  void reset(http::ResetReason) override { was_reset = true; }
  void pause_reading(bool) override {}
  size_t buffered() const override { return 0; }
  bool writable() const override { return true; }
  void count_bytes(http::StreamBytes&) override {}
  void open(http::ResponseReceiver& r, Arena& a, Waiter& w) override {
    receiver = &r;
    arena = &a;
    waiter = &w;
    if (at_once) w.on_stream(*this);
  }
  void cancel(Waiter&) override { cancelled = true; }

  void respond(uint16_t status, std::string_view type, bool end, std::string_view grpc_status = "") {
    auto* head = arena->make<http::ResponseHead>(*arena);
    head->status = status;
    head->headers.add("content-type", type);
    if (!grpc_status.empty()) head->headers.add("grpc-status", grpc_status);
    receiver->on_response(*head, end);
  }
  void trailers(std::string_view status, std::string_view message = "") {
    auto* list = arena->make<http::HeaderList>(*arena);
    list->add("grpc-status", status);
    if (!message.empty()) list->add("grpc-message", message);
    receiver->on_trailers(*list);
  }
  void message(std::string_view text) {
    std::string bytes;
    append_frame(text, false, bytes);
    receiver->on_data(bytes, false);
  }

  http::ResponseReceiver* receiver = nullptr;
  Arena* arena = nullptr;
  Waiter* waiter = nullptr;
  std::string path, timeout, sent;
  bool ended = false, was_reset = false, cancelled = false, at_once = true;
};

class CallTest : public testing::Test {
 protected:
  void call(std::string_view request = "ping") {
    CallOptions options;
    options.path = "/test.Echo/Say";
    options.authority = "echo";
    options.timeout = Milliseconds(1500);
    unary.start(options, request, [this](const CallStatus& s, std::string_view r) {
      status = s;
      response = r;
      ++finished;
    });
  }
  FakeStream stream;
  UnaryCall unary{stream};
  CallStatus status;
  std::string response;
  int finished = 0;
};

TEST_F(CallTest, one_request_one_response) {
  call();
  EXPECT_EQ(stream.path, "/test.Echo/Say");
  EXPECT_EQ(stream.timeout, "1500m");
  EXPECT_EQ(stream.sent, std::string("\0\0\0\0\4ping", 9));
  EXPECT_TRUE(stream.ended);
  stream.respond(200, "application/grpc", false);
  stream.message("pong");
  EXPECT_EQ(finished, 0);
  stream.trailers("0");
  EXPECT_EQ(finished, 1);
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(response, "pong");
  EXPECT_FALSE(stream.was_reset);
}

TEST_F(CallTest, messages_wait_for_the_stream) {
  stream.at_once = false;
  call();
  EXPECT_EQ(stream.sent, "");
  stream.waiter->on_stream(stream);
  EXPECT_EQ(stream.sent.size(), 9u);
  EXPECT_TRUE(stream.ended);
}

TEST_F(CallTest, trailers_only_carry_the_status) {
  call();
  stream.respond(200, "application/grpc", true, "14");
  EXPECT_EQ(status.code, Code::kUnavailable);
}

TEST_F(CallTest, messages_of_the_status_are_decoded) {
  call();
  stream.respond(200, "application/grpc", false);
  stream.trailers("5", "no%20such");
  EXPECT_EQ(status.code, Code::kNotFound);
  EXPECT_EQ(status.message, "no such");
}

TEST_F(CallTest, an_http_error_becomes_a_status_and_ends_the_stream) {
  call();
  stream.respond(503, "text/plain", false);
  EXPECT_EQ(status.code, Code::kUnavailable);
  EXPECT_TRUE(stream.was_reset);
}

TEST_F(CallTest, a_reset_is_unavailable) {
  call();
  stream.receiver->on_reset(http::ResetReason::kConnectionClosed, "closed");
  EXPECT_EQ(status.code, Code::kUnavailable);
  EXPECT_FALSE(stream.was_reset);
}

TEST_F(CallTest, no_connection_is_unavailable) {
  stream.at_once = false;
  call();
  stream.waiter->on_no_stream("no healthy host");
  EXPECT_EQ(status.code, Code::kUnavailable);
  EXPECT_EQ(status.message, "no healthy host");
}

TEST_F(CallTest, an_end_without_trailers_is_an_error) {
  call();
  stream.respond(200, "application/grpc", false);
  stream.receiver->on_data("", true);
  EXPECT_EQ(status.code, Code::kInternal);
}

TEST_F(CallTest, an_ok_without_a_response_is_an_error) {
  call();
  stream.respond(200, "application/grpc", true, "0");
  EXPECT_EQ(status.code, Code::kUnimplemented);
}

TEST_F(CallTest, cancelling_resets_the_stream_or_the_wait) {
  call();
  unary.cancel();
  EXPECT_TRUE(stream.was_reset);
  EXPECT_EQ(finished, 0);
  stream.at_once = false;
  call();
  unary.cancel();
  EXPECT_TRUE(stream.cancelled);
}

}  // namespace
}  // namespace proa::grpc
