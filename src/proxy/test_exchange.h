// Exchanges on one worker between a client and a server in memory, on a fake clock.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/downstream_connection.h"
#include "proxy/listener.h"
#include "proxy/test_listener.h"
#include "upstream/clusters.h"
#include "upstream/test_upstreams.h"

namespace proa::proxy {

/// One client over HTTP/1, and one route, to the cluster "c". What a test sets of `forward`, `manager` and `cluster`
/// holds when it connects.
struct ExchangeTest : testing::Test {
  /// What was logged of an exchange that is over.
  struct Record {
    uint16_t code = 0;
    std::string details;
    observe::ResponseFlags flags;
    uint32_t attempts = 0;
    uint64_t received = 0, sent = 0;
    bool has(observe::ResponseFlag flag) const { return flags.test(static_cast<size_t>(flag)); }
  };

  ExchangeTest() {
    upstream::ClusterContext context;
    context.registry = &registry;
    context.main_loop = &*loop;
    clusters = std::make_unique<upstream::Clusters>(context, upstreams);
    clusters->attach_worker(*loop);
    shared.clusters = clusters.get();
    worker = std::make_unique<WorkerContext>(*loop, shared, 1, 42);
    forward.target = route::ToCluster{"c"};
    manager->codec_type = CodecType::kHttp1;
  }
  ~ExchangeTest() override {
    if (listener) listener->close_all();
    loop.settle();
    listener.reset();
    worker->close();
    clusters->detach_worker();
    clusters.reset();
    loop.settle();
  }

  void connect() {
    manager->chain.add("recorder", std::make_unique<Recorder>(records), false);
    route::RouteSpec route;
    route.action = std::move(forward);
    manager->routes = TestListeners::routes(std::move(route));
    auto chain = std::make_shared<FilterChain>();
    chain->http = manager;
    listener = std::make_unique<Listener>(*worker, listeners.listener(chain));
    clusters->add(std::move(cluster));
    loop.settle();
    auto pair = net::MemoryTransport::make_pair(*loop);
    downstream = pair.first.get();
    client = std::move(pair.second);
    DownstreamConnection::start(*listener, std::move(pair.first), chain, {}, nullptr);
  }
  /// The client writes; all that follows from it happens.
  void ask(std::string_view text) {
    if (!client) connect();
    client->send(text);
    loop.settle();
  }
  /// What the client has read since the last call.
  std::string told() { return client->receive(); }
  /// The same for a server; connections are numbered in the order in which they were made.
  std::string asked(size_t connection = 0) { return upstreams.made.at(connection).server->receive(); }
  void answer(std::string_view text, size_t connection = 0) {
    upstreams.made.at(connection).server->send(text);
    loop.settle();
  }
  void hang_up(size_t connection = 0) {
    upstreams.made.at(connection).server->close();
    loop.settle();
  }
  int64_t stat(upstream::ClusterStat which) { return clusters->get("c")->stats().value(which); }
  int64_t stat(HttpStat which) { return listeners.count(which); }
  static bool says(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

  net::TestLoop loop;
  observe::Registry registry;
  TestListeners listeners{registry};
  upstream::TestUpstreams upstreams;
  std::unique_ptr<upstream::Clusters> clusters;
  SharedContext shared;
  std::unique_ptr<WorkerContext> worker;
  std::unique_ptr<Listener> listener;
  route::Forward forward;
  upstream::ClusterSpec cluster = upstream::static_cluster("c", {upstream::endpoint("10.1.0.1:80")});
  std::shared_ptr<ConnectionManager> manager = listeners.manager();
  std::vector<Record> records;
  std::unique_ptr<net::MemoryTransport> client;
  net::MemoryTransport* downstream = nullptr;  ///< our end of it

 private:
  class Recorder final : public filters::Filter {
   public:
    explicit Recorder(std::vector<Record>& to) : Filter({.complete = true}), to_(to) {}
    void on_complete(filters::Exchange& x) const override {
      const observe::StreamInfo& info = x.info();
      to_.push_back({info.response_code, std::string(info.response_code_details), info.flags, info.upstream_attempts,
                     info.bytes_received, info.bytes_sent});
    }

   private:
    std::vector<Record>& to_;
  };
};

}  // namespace proa::proxy
