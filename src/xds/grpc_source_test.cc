#include "xds/grpc_source.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "net/test_loop.h"
#include "observe/registry.h"
#include "xds/test_protocol.h"

namespace proa::xds {
namespace {

/// The cluster of a control plane: gives a stream when there is one to give.
class FakeServer final : public http::ClientStream, public grpc::StreamOpener {
 public:
  void open(http::ResponseReceiver& r, Arena& a, Waiter& w) override {
    ++opened;
    receiver = &r;
    arena = &a;
    answered = false;
    unread.clear();
    down ? w.on_no_stream("no healthy upstream") : w.on_stream(*this);
  }
  void cancel(Waiter&) override {}

  void send_request(const http::RequestHead& head, bool) override {
    path = head.path;
    authority = head.authority;
  }
  void send_data(std::string_view data, bool end) override {
    unread += data;
    EXPECT_FALSE(end) << "the stream has no end of ours";
  }
  void send_trailers(const http::HeaderList&) override {}
  void reset(http::ResetReason) override { was_reset = true; }
  void pause_reading(bool) override {}
  size_t buffered() const override { return 0; }
  bool writable() const override { return can_write; }
  void count_bytes(http::StreamBytes&) override {}

  template <class Response>
  void send(const Response& response) {
    send_bytes(response.SerializeAsString());
  }
  void send_bytes(const std::string& message) {
    if (!std::exchange(answered, true)) {
      auto* head = arena->make<http::ResponseHead>(*arena);
      head->status = 200;
      head->headers.add("content-type", "application/grpc");
      receiver->on_response(*head, false);
    }
    std::string bytes;
    grpc::append_frame(message, false, bytes);
    receiver->on_data(bytes, false);
  }
  void close() { receiver->on_reset(http::ResetReason::kConnectionClosed, "closed"); }
  /// The requests since the last call.
  template <class Request>
  std::vector<Request> take() {
    std::vector<Request> out;
    grpc::FrameReader reader;
    reader.push(std::exchange(unread, {}), [&](std::string_view message, bool) {
      EXPECT_TRUE(out.emplace_back().ParseFromArray(message.data(), static_cast<int>(message.size())));
    });
    return out;
  }

  http::ResponseReceiver* receiver = nullptr;
  Arena* arena = nullptr;
  std::string path, authority, unread;
  int opened = 0;
  bool down = false, answered = false, was_reset = false, can_write = true;
};

struct GrpcSourceTest : testing::Test {
  GrpcSourceTest() {
    auto protocol = make_delta({.node_on_first_message_only = true}, observer);
    source = std::make_unique<GrpcSource>(
        loop, server, std::move(protocol),
        GrpcSourceOptions{
            .path = std::string(stream_path("", true)), .name = "istiod", .authority = "istiod", .stats = stats});
    source->subscribe(kCluster, kWildcard);
  }
  void start() {
    source->start();
    loop.settle();
  }
  std::vector<dv3::DeltaDiscoveryRequest> requests() {
    loop.settle();
    return server.take<dv3::DeltaDiscoveryRequest>();
  }
  void respond(const std::string& nonce, const std::string& name = "a") {
    dv3::DeltaDiscoveryResponse response;
    response.set_type_url(std::string(kCluster));
    response.set_nonce(nonce);
    response.add_resources()->set_name(name);
    response.mutable_resources(0)->set_version("1");
    *response.mutable_resources(0)->mutable_resource() = resource(kCluster, name);
    server.send(response);
  }
  int64_t stat(ControlPlaneStat index) { return stats->value(index); }

  net::TestLoop loop;
  TestObserver observer;
  FakeServer server;
  observe::Registry registry;
  std::shared_ptr<observe::StatGroup> stats =
      std::make_shared<observe::StatGroup>(registry, kControlPlaneSchema, observe::StatName{});
  std::unique_ptr<GrpcSource> source;
};

TEST_F(GrpcSourceTest, asks_and_acknowledges_on_one_stream) {
  start();
  EXPECT_EQ(server.path, "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources");
  EXPECT_EQ(server.authority, "istiod");
  EXPECT_EQ(stat(ControlPlaneStat::kConnectedState), 1);
  EXPECT_EQ(requests().size(), 1u);
  respond("n1");
  EXPECT_EQ(observer.take(), Lines{"Cluster : a@1"});
  const auto acknowledged = requests();
  ASSERT_EQ(acknowledged.size(), 1u);
  EXPECT_EQ(acknowledged[0].response_nonce(), "n1");
  EXPECT_FALSE(server.was_reset);
}

TEST_F(GrpcSourceTest, what_is_subscribed_in_one_turn_is_one_request) {
  start();
  requests();
  for (const char* name : {"a", "b", "c"}) source->subscribe(kEndpoints, name);
  const auto sent = requests();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].resource_names_subscribe_size(), 3);
}

TEST_F(GrpcSourceTest, waits_while_the_connection_is_full) {
  server.can_write = false;
  start();
  EXPECT_TRUE(requests().empty());
  EXPECT_EQ(stat(ControlPlaneStat::kPendingRequests), 1);
  server.can_write = true;
  server.receiver->on_writable();
  EXPECT_EQ(requests().size(), 1u);
  EXPECT_EQ(stat(ControlPlaneStat::kPendingRequests), 0);
}

TEST_F(GrpcSourceTest, opens_a_new_stream_whenever_one_ends_and_keeps_what_it_has) {
  start();
  requests();
  respond("n1");
  requests();
  server.close();
  EXPECT_EQ(stat(ControlPlaneStat::kConnectedState), 0);
  EXPECT_TRUE(source->held(kCluster, "a"));
  loop.run_for(Milliseconds(501));
  EXPECT_EQ(server.opened, 2);
  EXPECT_EQ(stat(ControlPlaneStat::kConnectedState), 1);
  const auto first = requests();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_TRUE(first[0].response_nonce().empty());
  EXPECT_EQ(first[0].initial_resource_versions().at("a"), "1");
  EXPECT_EQ(observer.take().size(), 1u) << "nothing was removed";
}

TEST_F(GrpcSourceTest, tries_for_ever_at_most_every_30_seconds) {
  server.down = true;
  start();
  EXPECT_EQ(server.opened, 1);
  loop.run_for(std::chrono::hours(1));
  EXPECT_GT(server.opened, 120) << "at least every 30 s";
  EXPECT_LT(server.opened, 1000);
  server.down = false;
  loop.run_for(std::chrono::seconds(31));
  EXPECT_EQ(requests().size(), 1u);
}

TEST_F(GrpcSourceTest, a_response_resets_the_back_off_and_a_stream_without_one_does_not) {
  start();
  int without = 0;
  for (; without < 12; ++without) {
    server.close();
    loop.run_for(std::chrono::seconds(31));
  }
  server.close();
  const int before = server.opened;
  loop.run_for(Milliseconds(20));
  EXPECT_EQ(server.opened, before) << "1 in 1500 that this wait is so short";
  loop.run_for(std::chrono::seconds(31));
  respond("n1");
  server.close();
  loop.run_for(Milliseconds(501));
  EXPECT_EQ(server.opened, before + 2);
}

TEST_F(GrpcSourceTest, nonsense_ends_the_stream) {
  start();
  server.send_bytes("\x0a\x7f nonsense");
  EXPECT_TRUE(server.was_reset);
  EXPECT_EQ(stat(ControlPlaneStat::kConnectedState), 0);
  loop.run_for(Milliseconds(501));
  EXPECT_EQ(server.opened, 2);
}

TEST_F(GrpcSourceTest, time_passes_for_what_is_waited_for) {
  start();
  source->subscribe(kEndpoints, "a");
  requests();
  respond("n1");
  observer.take();
  loop.run_for(std::chrono::seconds(16));
  EXPECT_EQ(observer.take(), (Lines{"ClusterLoadAssignment timeout a", "ClusterLoadAssignment absent a"}));
}

TEST_F(GrpcSourceTest, what_the_rate_limit_holds_back_follows) {
  auto protocol = make_sotw({.rate_limit = RateLimit{.max_tokens = 1, .fill_rate = 1}}, observer);
  GrpcSource limited(loop, server, std::move(protocol), {.path = "/x", .name = "x", .authority = "x", .stats = stats});
  limited.subscribe(kCluster, kWildcard);
  limited.subscribe(kListener, kWildcard);
  limited.start();
  loop.settle();
  EXPECT_EQ(server.take<dv3::DiscoveryRequest>().size(), 1u);
  EXPECT_EQ(stat(ControlPlaneStat::kRateLimitEnforced), 1);
  EXPECT_EQ(stat(ControlPlaneStat::kPendingRequests), 1);
  loop.run_for(Milliseconds(1100));
  EXPECT_EQ(server.take<dv3::DiscoveryRequest>().size(), 1u);
  EXPECT_EQ(stat(ControlPlaneStat::kPendingRequests), 0);
}

struct GrpcSourceStateTest : GrpcSourceTest {
  GrpcSourceStateTest() : path(testing::TempDir() + "grpc_source_test." + std::to_string(::getpid())) { remake(); }
  ~GrpcSourceStateTest() override { std::filesystem::remove(path); }
  /// As a new start of the program.
  void remake() {
    source = std::make_unique<GrpcSource>(
        loop, server, make_delta({.node_on_first_message_only = true}, observer),
        GrpcSourceOptions{.path = "/x", .name = "istiod", .authority = "istiod", .stats = stats, .state_file = path});
    source->subscribe(kCluster, kWildcard);
  }
  /// A run that has the cluster "a" and ends; the next one is made.
  void run_before() {
    start();
    requests();
    respond("n1");
    requests();
    source->stop();
    observer.take();
    remake();
  }
  bool saved() const { return std::filesystem::exists(path); }
  std::string path;
};

TEST_F(GrpcSourceStateTest, what_was_said_is_saved_now_and_then) {
  start();
  requests();
  respond("n1");
  requests();
  EXPECT_FALSE(saved());
  loop.run_for(kSaveAfter);
  ASSERT_TRUE(saved());
  std::filesystem::remove(path);
  respond("n2", "b");
  loop.run_for(kSaveEvery - Milliseconds(1));
  EXPECT_FALSE(saved());
  loop.run_for(Milliseconds(1));
  EXPECT_TRUE(saved());
}

TEST_F(GrpcSourceStateTest, what_has_not_been_saved_is_at_the_end) {
  start();
  requests();
  respond("n1");
  requests();
  source->stop();
  EXPECT_TRUE(saved());
}

TEST_F(GrpcSourceStateTest, a_server_that_is_not_there_is_stood_in_for_until_it_answers) {
  run_before();
  server.down = true;
  start();
  EXPECT_EQ(observer.take(), Lines{"Cluster : a@1"});
  EXPECT_EQ(stat(ControlPlaneStat::kUsingSavedState), 1);
  server.down = false;
  loop.run_for(std::chrono::seconds(1));
  const auto first = requests();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].initial_resource_versions().at("a"), "1");
  respond("n2", "b");
  EXPECT_EQ(stat(ControlPlaneStat::kUsingSavedState), 0);
}

TEST_F(GrpcSourceStateTest, a_server_that_says_nothing_is_stood_in_for_after_a_while) {
  run_before();
  start();
  loop.run_for(kSavedStateAfter - Milliseconds(1));
  EXPECT_EQ(observer.take(), Lines{});
  loop.run_for(Milliseconds(1));
  EXPECT_EQ(observer.take(), Lines{"Cluster : a@1"});
}

TEST_F(GrpcSourceStateTest, a_server_that_answers_is_believed_at_once) {
  run_before();
  start();
  respond("n1", "b");
  loop.run_for(std::chrono::seconds(5));
  EXPECT_EQ(observer.take(), Lines{"Cluster : b@1"});
  EXPECT_EQ(stat(ControlPlaneStat::kUsingSavedState), 0);
}

TEST(StreamPath, each_type_has_its_service) {
  EXPECT_EQ(stream_path("", false), "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources");
  EXPECT_EQ(stream_path(kSecret, false), "/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets");
  EXPECT_EQ(stream_path("type.googleapis.com/x", false), "");
  // Against the service definitions of the API.
  for (std::string_view type :
       {std::string_view(), kCluster, kEndpoints, kListener, kRoutes, kSecret, kExtension, kRuntime}) {
    for (bool delta : {false, true}) {
      std::string method(stream_path(type, delta).substr(1));
      std::ranges::replace(method, '/', '.');
      const auto* found = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(method);
      ASSERT_TRUE(found) << method;
      EXPECT_EQ(found->input_type()->name(), delta ? "DeltaDiscoveryRequest" : "DiscoveryRequest");
    }
  }
}

}  // namespace
}  // namespace proa::xds
