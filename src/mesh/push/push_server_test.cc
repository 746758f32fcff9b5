// Streams over gRPC in memory: who may connect, what is pushed to whom, and when.
#include "mesh/push/push_server.h"

#include <gtest/gtest.h>

#include "envoy/service/discovery/v3/discovery.pb.h"
#include "grpc/channel.h"
#include "grpc/server.h"
#include "net/memory_transport.h"
#include "net/test_loop.h"

namespace proa::mesh {
namespace {

namespace dv3 = envoy::service::discovery::v3;

/// A proxy on a stream of its own that acknowledges everything.
class Proxy final : public grpc::CallObserver {
 public:
  Proxy(grpc::StreamOpener& opener, std::string id, std::string_view path, bool answers = true)
      : id_(std::move(id)), answers_(answers), call_(opener, *this) {
    grpc::CallOptions options;
    options.authority = "control";
    options.path = path;
    call_.start(options);
  }
  void ask(std::string_view type, const std::string& nonce = {}) {
    dv3::DiscoveryRequest request;
    if (nonce.empty()) request.mutable_node()->set_id(id_);
    request.set_type_url(std::string(type));
    request.set_response_nonce(nonce);
    call_.send(request.SerializeAsString(), false);
  }
  void say(std::string_view bytes) { call_.send(bytes, false); }
  void half_close() { call_.finish_sending(); }
  void cancel() { call_.cancel(); }

  std::vector<size_t> got;  ///< resources in each response
  grpc::CallStatus status{grpc::Code::kUnknown, "open"};

 private:
  void on_message(std::string_view message) override {
    dv3::DiscoveryResponse response;
    ASSERT_TRUE(response.ParseFromArray(message.data(), static_cast<int>(message.size())));
    got.push_back(static_cast<size_t>(response.resources_size()));
    if (answers_) ask(response.type_url(), response.nonce());
  }
  void on_finished(const grpc::CallStatus& with, const http::HeaderList*) override { status = with; }

  const std::string id_;
  const bool answers_;
  grpc::Call call_;
};

constexpr std::string_view kAds = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources";
constexpr std::string_view kLds = "/envoy.service.listener.v3.ListenerDiscoveryService/StreamListeners";

class Push : public testing::Test {
 protected:
  void start(PushOptions options = {}) {
    push = std::make_unique<PushServer>(
        loop,
        [this](const Node& node) {
          ++computed;
          auto own = sets.find(node.id);
          return own == sets.end() ? shared : own->second;
        },
        options);
    push->add_to(services);
    server = std::make_unique<grpc::Server>(loop, services);
    auto pair = net::MemoryTransport::make_pair(loop);
    server->adopt(std::move(pair.first));
    client = pair.second.get();
    channel = std::make_unique<grpc::Channel>(std::move(pair.second));
    client->announce_connected();
  }
  Proxy& proxy(std::string id, std::string_view path = kAds, bool answers = true) {
    proxies.push_back(std::make_unique<Proxy>(*channel, std::move(id), path, answers));
    return *proxies.back();
  }
  static std::shared_ptr<const ResourceSet> clusters(size_t count, const std::string& body = "x") {
    auto out = std::make_shared<ResourceSet>();
    for (size_t i = 0; i < count; ++i) {
      const std::string name = "cluster-" + std::to_string(i);
      out->types[std::string(kClusterType)][name] = make_resource(name, body);
    }
    return out;
  }
  void TearDown() override {
    proxies.clear();
    channel.reset();
    loop.settle();
    server.reset();
    push.reset();
    loop.settle();
  }

  net::TestLoop loop;
  std::map<std::string, std::shared_ptr<const ResourceSet>> sets;
  std::shared_ptr<const ResourceSet> shared = clusters(2);
  int computed = 0;
  grpc::Services services;
  std::unique_ptr<PushServer> push;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<grpc::Channel> channel;
  net::MemoryTransport* client = nullptr;
  std::vector<std::unique_ptr<Proxy>> proxies;
};

TEST_F(Push, a_stream_gets_what_is_its_own) {
  sets["b"] = clusters(5);
  start();
  Proxy &a = proxy("a"), &b = proxy("b");
  a.ask(kClusterType);
  b.ask(kClusterType);
  loop.settle();
  EXPECT_EQ(a.got, std::vector<size_t>{2});
  EXPECT_EQ(b.got, std::vector<size_t>{5});
  EXPECT_EQ(push->streams(), 2u);
}

TEST_F(Push, changes_are_merged_and_pushed_to_those_they_concern) {
  sets["b"] = clusters(5);
  start();
  Proxy &a = proxy("a"), &b = proxy("b");
  a.ask(kClusterType);
  b.ask(kClusterType);
  loop.settle();
  for (size_t i = 3; i < 8; ++i) {
    shared = clusters(i);
    push->changed();
    loop.run_for(Milliseconds(50));
  }
  EXPECT_EQ(a.got.size(), 1u);
  loop.run_for(Milliseconds(100));
  EXPECT_EQ(a.got, (std::vector<size_t>{2, 7}));
  EXPECT_EQ(b.got.size(), 1u);
  EXPECT_EQ(push->pushes(), 1u);
}

TEST_F(Push, changes_without_end_are_pushed_all_the_same) {
  start();
  Proxy& a = proxy("a");
  a.ask(kClusterType);
  for (int i = 0; i < 300; ++i) {
    shared = clusters(static_cast<size_t>(i));
    push->changed();
    loop.run_for(Milliseconds(50));
  }
  EXPECT_EQ(push->pushes(), 1u) << "after ten seconds";
}

TEST_F(Push, every_stream_of_many_is_reached) {
  start();
  for (int i = 0; i < 200; ++i) proxy("p" + std::to_string(i)).ask(kClusterType);
  loop.settle(100);
  shared = clusters(3);
  push->push_now();
  loop.run_for(Milliseconds(100));
  for (const auto& each : proxies) EXPECT_EQ(each->got, (std::vector<size_t>{2, 3}));
}

TEST_F(Push, a_slow_proxy_gets_the_newest_state_only) {
  shared = clusters(20, std::string(10'000, 'x'));
  start();
  Proxy& slow = proxy("slow", kAds, /*answers=*/false);
  slow.ask(kClusterType);
  loop.settle(100);
  for (size_t i = 21; i < 40; ++i) {
    shared = clusters(i, std::string(10'000, 'x'));
    push->push_now();
    loop.settle(100);
  }
  EXPECT_EQ(slow.got, std::vector<size_t>{20});
  loop.run_for(Milliseconds(5'100));
  EXPECT_EQ(slow.got, (std::vector<size_t>{20, 39}));
}

TEST_F(Push, a_node_may_be_refused) {
  PushOptions options;
  options.identify = [](const net::ConnectionInfo&, const Node& node) -> Result<std::string> {
    if (node.id == "bad") return fail("not you");
    return "spiffe://d/" + node.id;
  };
  start(options);
  Proxy &bad = proxy("bad"), &good = proxy("good");
  bad.ask(kClusterType);
  good.ask(kClusterType);
  loop.settle();
  EXPECT_EQ(bad.status.code, grpc::Code::kPermissionDenied);
  EXPECT_EQ(bad.status.message, "not you");
  std::vector<std::string> identities;
  push->for_each([&](const PushStream& stream) { identities.push_back(stream.session().node()->identity); });
  EXPECT_EQ(identities, std::vector<std::string>{"spiffe://d/good"});
}

TEST_F(Push, a_bad_request_ends_the_stream) {
  start();
  Proxy& a = proxy("a");
  a.say("\xff\xff");
  loop.settle();
  EXPECT_EQ(a.status.code, grpc::Code::kInvalidArgument);
  EXPECT_EQ(push->streams(), 0u);
}

TEST_F(Push, streams_of_one_type_are_served) {
  auto set = std::make_shared<ResourceSet>();
  set->types[std::string(kListenerType)]["l"] = make_resource("l", "x");
  shared = set;
  start();
  Proxy& a = proxy("a", kLds);
  a.ask(kListenerType);
  loop.settle();
  EXPECT_EQ(a.got, std::vector<size_t>{1});
  a.half_close();
  loop.settle();
  EXPECT_TRUE(a.status.ok());
  EXPECT_EQ(push->streams(), 0u);
}

TEST_F(Push, a_world_not_known_yet_makes_proxies_wait) {
  shared = nullptr;
  start();
  Proxy& a = proxy("a");
  a.ask(kClusterType);
  loop.run_for(Milliseconds(1000));
  EXPECT_TRUE(a.got.empty());
  shared = clusters(1);
  push->push_now();
  loop.settle();
  EXPECT_EQ(a.got, std::vector<size_t>{1});
}

TEST_F(Push, a_proxy_that_leaves_is_forgotten) {
  start();
  Proxy &a = proxy("a"), &b = proxy("b");
  a.ask(kClusterType);
  b.ask(kClusterType);
  loop.settle();
  a.cancel();
  loop.settle();
  EXPECT_EQ(push->streams(), 1u);
  client->close(true);
  loop.settle();
  EXPECT_EQ(push->streams(), 0u);
  shared = clusters(3);
  push->push_now();
}

TEST_F(Push, a_server_that_ends_ends_its_streams) {
  start();
  Proxy& a = proxy("a");
  a.ask(kClusterType);
  loop.settle();
  push.reset();
  loop.settle();
  EXPECT_EQ(a.status.code, grpc::Code::kUnavailable);
}

}  // namespace
}  // namespace proa::mesh
