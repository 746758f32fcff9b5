// The server against our own client, both in memory.
#include "grpc/server.h"

#include <gtest/gtest.h>

#include "grpc/channel.h"
#include "grpc/health_service.h"
#include "grpc/unary.h"
#include "net/memory_transport.h"
#include "net/test_loop.h"

namespace proa::grpc {
namespace {

/// What a client saw of a call.
struct Seen final : CallObserver {
  void on_message(std::string_view message) override { messages.emplace_back(message); }
  void on_finished(const CallStatus& with, const http::HeaderList*) override {
    status = with;
    ++finished;
  }
  std::vector<std::string> messages;
  CallStatus status{Code::kUnknown, "not finished"};
  int finished = 0;
};

/// What a handler saw; it may be asked to answer each message.
struct Told {
  std::vector<std::string> messages;
  std::vector<CallStatus> cancelled;
  int half_closes = 0, writable = 0, destroyed = 0;
  ServerCall* call = nullptr;
  bool echo = true, finish_on_half_close = true;
};

class TestHandler final : public CallHandler {
 public:
  TestHandler(ServerCall& call, Told& told) : call_(call), told_(told) { told.call = &call; }
  ~TestHandler() override {
    ++told_.destroyed;
    told_.call = nullptr;
  }
  void on_message(std::string_view message) override {
    told_.messages.emplace_back(message);
    if (told_.echo) call_.send(message);
  }
  void on_half_close() override {
    ++told_.half_closes;
    if (told_.finish_on_half_close) call_.finish({});
  }
  void on_writable() override { ++told_.writable; }
  void on_cancelled(const CallStatus& why) override { told_.cancelled.push_back(why); }

 private:
  ServerCall& call_;
  Told& told_;
};

/// A request of HTTP that need not be gRPC.
struct RawRequest final : http::ResponseReceiver, StreamOpener::Waiter {
  void on_stream(http::ClientStream& stream) override {
    auto* head = arena.make<http::RequestHead>(arena);
    head->method = method;
    head->scheme = "http";
    head->authority = "test";
    head->path = "/test.Echo/Stream";
    if (!type.empty()) head->headers.add("content-type", type);
    stream.send_request(*head, true);
  }
  void on_no_stream(std::string_view) override {}
  void on_informational(http::ResponseHead&) override {}
  void on_response(http::ResponseHead& head, bool) override { status = head.status; }
  void on_data(std::string_view, bool) override {}
  void on_trailers(http::HeaderList&) override {}
  void on_reset(http::ResetReason, std::string_view) override {}
  void on_writable() override {}
  Arena arena;
  std::string_view method = "POST", type = "application/grpc";
  int status = 0;
};

class GrpcServer : public testing::Test {
 protected:
  GrpcServer() {
    services.add("/test.Echo/Stream", [this](ServerCall& call) { return std::make_unique<TestHandler>(call, told); });
    services.add("/test.Echo/Refuse", [](ServerCall& call) {
      call.finish({Code::kPermissionDenied, "not you: 100%"});
      return nullptr;
    });
    services.add_unary("/test.Echo/Say", [](ServerCall& call, std::string_view request, std::string& response) {
      if (request == "bad") return CallStatus{Code::kInvalidArgument, "bad"};
      response = std::string(request) + " from " + call.peer().remote.ip();
      return CallStatus{};
    });
  }
  void connect(ConnectionRules rules = {}) {
    server = std::make_unique<Server>(loop, services, rules);
    auto pair = net::MemoryTransport::make_pair(loop);
    server->adopt(std::move(pair.first));
    client = pair.second.get();
    channel = std::make_unique<Channel>(std::move(pair.second));
    client->announce_connected();
  }
  std::unique_ptr<Call> call(Seen& seen, std::string_view path = "/test.Echo/Stream", Milliseconds timeout = kNever) {
    CallOptions options;
    options.authority = "test";
    options.path = path;
    options.timeout = timeout;
    auto made = std::make_unique<Call>(*channel, seen);
    made->start(options);
    return made;
  }
  void say(std::string_view request) {
    CallOptions options;
    options.authority = "test";
    options.path = "/test.Echo/Say";
    unary.emplace(*channel);
    unary->start(options, request, [this](const CallStatus& with, std::string_view with_response) {
      status = with;
      response = with_response;
    });
    loop.settle();
  }
  void TearDown() override {
    unary.reset();
    channel.reset();
    loop.settle();
    server.reset();
    loop.settle();
  }

  net::TestLoop loop;
  Services services;
  Told told;
  std::unique_ptr<Server> server;
  std::unique_ptr<Channel> channel;
  net::MemoryTransport* client = nullptr;
  std::optional<UnaryCall> unary;
  CallStatus status{Code::kUnknown, ""};
  std::string response;
};

TEST_F(GrpcServer, answers_a_unary_call) {
  connect();
  say("hello");
  EXPECT_TRUE(status.ok()) << status.message;
  EXPECT_EQ(response, "hello from 10.0.0.2");
  say("bad");
  EXPECT_EQ(status.code, Code::kInvalidArgument);
}

TEST_F(GrpcServer, a_unary_method_takes_exactly_one_request) {
  connect();
  Seen none, two;
  auto first = call(none, "/test.Echo/Say");
  first->finish_sending();
  auto second = call(two, "/test.Echo/Say");
  second->send("a", false);
  second->send("b", true);
  loop.settle();
  EXPECT_EQ(none.status.code, Code::kUnimplemented);
  EXPECT_EQ(two.status.code, Code::kUnimplemented);
}

TEST_F(GrpcServer, unknown_methods_are_unimplemented) {
  connect();
  Seen seen;
  auto made = call(seen, "/test.Echo/Nothing");
  loop.settle();
  EXPECT_EQ(seen.status.code, Code::kUnimplemented);
  EXPECT_EQ(seen.status.message, "unknown method /test.Echo/Nothing");
}

TEST_F(GrpcServer, a_call_may_be_refused_when_it_opens) {
  connect();
  Seen seen;
  auto made = call(seen, "/test.Echo/Refuse");
  loop.settle();
  EXPECT_EQ(seen.status.code, Code::kPermissionDenied);
  EXPECT_EQ(seen.status.message, "not you: 100%");
}

TEST_F(GrpcServer, streams_in_both_directions) {
  connect();
  Seen seen;
  auto made = call(seen);
  loop.settle();
  ASSERT_NE(told.call, nullptr);
  told.call->send("first, before any request");
  for (int i = 0; i < 100; ++i) made->send(std::to_string(i), i == 99);
  loop.settle();
  EXPECT_EQ(seen.messages.size(), 101u);
  EXPECT_EQ(seen.messages.back(), "99");
  EXPECT_TRUE(seen.status.ok());
  EXPECT_EQ(told.half_closes, 1);
  EXPECT_EQ(told.destroyed, 1);
  EXPECT_TRUE(told.cancelled.empty());
}

TEST_F(GrpcServer, large_messages_wait_for_the_client) {
  connect();
  Seen seen;
  auto made = call(seen);
  loop.settle();
  const std::string large(300'000, 'x');
  for (int i = 0; i < 10; ++i) told.call->send(large);
  EXPECT_FALSE(told.call->writable());
  loop.settle(200);
  EXPECT_EQ(told.writable, 1);
  EXPECT_TRUE(told.call->writable());
  EXPECT_EQ(seen.messages, std::vector<std::string>(10, large));
}

TEST_F(GrpcServer, what_was_sent_before_the_status_arrives) {
  connect();
  Seen seen;
  auto made = call(seen);
  loop.settle();
  const std::string large(3'000'000, 'x');
  told.call->send(large);
  told.call->finish({Code::kAborted, "enough"});  // before the client has said all
  loop.settle(400);
  EXPECT_EQ(seen.messages, std::vector<std::string>{large});
  EXPECT_EQ(seen.status.code, Code::kAborted);
  EXPECT_EQ(told.destroyed, 1);
}

TEST_F(GrpcServer, a_client_that_gives_up_cancels) {
  connect();
  Seen seen;
  auto made = call(seen);
  loop.settle();
  made->cancel();
  loop.settle();
  ASSERT_EQ(told.cancelled.size(), 1u);
  EXPECT_EQ(told.cancelled[0].code, Code::kCancelled);
  EXPECT_EQ(told.destroyed, 1);
}

TEST_F(GrpcServer, a_lost_connection_cancels) {
  connect();
  Seen seen;
  auto made = call(seen);
  loop.settle();
  client->close(true);
  loop.settle();
  ASSERT_EQ(told.cancelled.size(), 1u);
  EXPECT_EQ(told.cancelled[0].code, Code::kUnavailable);
  EXPECT_EQ(told.destroyed, 1);
  EXPECT_EQ(server->connections(), 0u);
}

TEST_F(GrpcServer, the_deadline_ends_a_call) {
  connect();
  Seen seen;
  auto made = call(seen, "/test.Echo/Stream", Milliseconds(500));
  loop.run_for(Milliseconds(400));
  EXPECT_EQ(seen.finished, 0);
  loop.run_for(Milliseconds(200));
  EXPECT_EQ(seen.status.code, Code::kDeadlineExceeded);
  ASSERT_EQ(told.cancelled.size(), 1u);
}

TEST_F(GrpcServer, messages_over_the_limit_end_the_call) {
  ConnectionRules rules;
  rules.max_message = 1000;
  connect(rules);
  Seen seen;
  auto made = call(seen);
  made->send(std::string(1001, 'x'), false);
  loop.settle();
  EXPECT_EQ(seen.status.code, Code::kResourceExhausted);
  EXPECT_TRUE(told.messages.empty());
}

TEST_F(GrpcServer, what_is_no_grpc_gets_an_answer_of_http) {
  connect();
  RawRequest json, get;
  json.type = "application/json";
  channel->open(json, json.arena, json);
  get.method = "GET";
  channel->open(get, get.arena, get);
  loop.settle();
  EXPECT_EQ(json.status, 415);
  EXPECT_EQ(get.status, 405);
  say("hello");
  EXPECT_TRUE(status.ok());
}

TEST_F(GrpcServer, a_drain_lets_calls_finish) {
  connect();
  Seen ends, stays;
  auto first = call(ends);
  loop.settle();
  bool done = false;
  server->drain(Milliseconds(1000), [&] { done = true; });
  loop.settle();
  first->send("still", true);
  loop.settle();
  EXPECT_TRUE(ends.status.ok());
  loop.run_for(Milliseconds(1100));
  EXPECT_TRUE(done);
}

TEST_F(GrpcServer, a_drain_ends_calls_that_do_not) {
  connect();
  Seen seen;
  auto made = call(seen);
  loop.settle();
  bool done = false;
  server->drain(Milliseconds(100), [&] { done = true; });
  loop.run_for(Milliseconds(200));
  EXPECT_EQ(seen.status.code, Code::kUnavailable);
  ASSERT_EQ(told.cancelled.size(), 1u);
  loop.run_for(Milliseconds(1000));
  EXPECT_TRUE(done);
}

TEST_F(GrpcServer, a_drain_closes_those_that_do_not_listen) {
  connect();
  Seen seen;
  auto made = call(seen);
  loop.settle();
  client->limit_reads(1);
  client->observe(nullptr);  // reads nothing more
  bool done = false;
  server->drain(Milliseconds(100), [&] { done = true; });
  loop.run_for(Milliseconds(7000));
  EXPECT_TRUE(done);
  made->cancel();
}

TEST_F(GrpcServer, connections_end_by_age) {
  ConnectionRules rules;
  rules.max_age = Milliseconds(10'000);
  rules.max_age_grace = Milliseconds(1'000);
  connect(rules);
  Seen seen;
  auto made = call(seen);
  loop.run_for(Milliseconds(8'900));
  EXPECT_EQ(seen.finished, 0);
  loop.run_for(Milliseconds(3'500));
  EXPECT_EQ(seen.status.code, Code::kUnavailable);
  EXPECT_EQ(server->connections(), 0u);
}

TEST_F(GrpcServer, a_server_that_goes_destroys_its_handlers) {
  connect();
  Seen seen;
  auto made = call(seen);
  loop.settle();
  server.reset();
  EXPECT_EQ(told.destroyed, 1);
  loop.settle();
  EXPECT_EQ(seen.status.code, Code::kUnavailable);
}

TEST_F(GrpcServer, tells_and_retells_its_health) {
  HealthService health;
  health.add_to(services);
  health.set("", ServingStatus::kServing);
  connect();
  CallOptions options;
  options.authority = "test";
  options.path = kHealthCheckPath;
  std::optional<ServingStatus> told_health;
  UnaryCall check(*channel);
  check.start(options, encode_health_request(""), [&](const CallStatus& with, std::string_view bytes) {
    status = with;
    told_health = decode_health_response(bytes);
  });
  loop.settle();
  EXPECT_EQ(told_health, ServingStatus::kServing);
  check.start(options, encode_health_request("nobody"),
              [&](const CallStatus& with, std::string_view) { status = with; });
  loop.settle();
  EXPECT_EQ(status.code, Code::kNotFound);

  Seen seen;
  auto watch = call(seen, kHealthWatchPath);
  watch->send(encode_health_request("xds"), true);
  loop.settle();
  health.set("xds", ServingStatus::kServing);
  health.set("xds", ServingStatus::kServing);
  health.set("xds", ServingStatus::kNotServing);
  loop.settle();
  std::vector<std::optional<ServingStatus>> statuses;
  for (const std::string& message : seen.messages) statuses.push_back(decode_health_response(message));
  EXPECT_EQ(statuses, (std::vector<std::optional<ServingStatus>>{ServingStatus::kServiceUnknown,
                                                                 ServingStatus::kServing, ServingStatus::kNotServing}));
  watch->cancel();
  loop.settle();
  health.set("xds", ServingStatus::kServing);  // nobody listens
}

}  // namespace
}  // namespace proa::grpc
