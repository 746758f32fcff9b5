// What the tests of this folder share: a cluster on a fake clock whose connections end in memory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/h1/client_connection.h"
#include "http/h2/client_connection.h"
#include "net/memory_transport.h"
#include "net/test_loop.h"
#include "observe/registry.h"
#include "upstream/connection_factory.h"
#include "upstream/worker_cluster.h"

namespace proa::upstream {

/// Every connect() makes a pair; the test holds the server's end and says when, or whether, it is connected.
class TestUpstreams final : public ConnectionFactory {
 public:
  struct Made {
    std::unique_ptr<net::MemoryTransport> server;
    net::MemoryTransport* client;
    net::Address address;
    bool http2 = false;
  };

  Result<std::unique_ptr<net::Transport>> connect(net::Loop& loop, const net::Address& address, Cluster&,
                                                  const TransportSocketSpec&, const TransportOptions*,
                                                  UpstreamProtocol protocol) override {
    if (refuse) return fail("immediate connect error: refused");
    auto pair = net::MemoryTransport::make_pair(loop);
    pair.first->info().remote = address;
    made.push_back({std::move(pair.second), pair.first.get(), address, protocol == UpstreamProtocol::kHttp2});
    if (!alpn.empty()) {
      auto tls = std::make_shared<net::TlsInfo>();
      tls->alpn = alpn;
      pair.first->info().tls = tls;
    }
    if (connect_at_once) pair.first->announce_connected();
    return std::unique_ptr<net::Transport>(std::move(pair.first));
  }
  std::unique_ptr<http::ClientCodec> make_codec(bool http2, http::CodecOwner& owner, const HttpSpec& spec,
                                                MonoTime now) override {
    if (http2) return std::make_unique<http::h2::ClientConnection>(owner, spec.http2, now);
    return std::make_unique<http::h1::ClientConnection>(spec.http1, owner);
  }

  std::vector<Made> made;
  std::string alpn;
  bool refuse = false;
  bool connect_at_once = true;
};

inline Endpoint endpoint(std::string_view address, uint32_t weight = 1) {
  Endpoint out;
  out.addresses.push_back(*net::Address::parse(address));
  out.weight = weight;
  return out;
}

/// STATIC, with these endpoints in one locality.
inline ClusterSpec static_cluster(std::string name, std::vector<Endpoint> endpoints) {
  ClusterSpec spec;
  spec.name = std::move(name);
  spec.assignment.localities.push_back({{}, 0, 0, std::move(endpoints)});
  return spec;
}

/// A request as a proxy makes one: waits for a connection, sends GET /, remembers what came.
class TestRequest final : public PoolWaiter, public http::ResponseReceiver {
 public:
  void on_ready(Connection& given) override {
    connection = &given;
    stream = &given.open(*this, arena);
    http::RequestHead head(arena);
    head.method = "GET";
    head.method_id = http::Method::kGet;
    head.scheme = "http";
    head.authority = "test";
    head.path = "/";
    stream->send_request(head, true);
  }
  void on_failed(PoolFailure why, std::string_view details) override {
    failed = true;
    failure = why;
    failure_details = details;
  }
  void on_informational(http::ResponseHead&) override {}
  void on_response(http::ResponseHead& head, bool end) override {
    status = head.status;
    done = end;
  }
  void on_data(std::string_view data, bool end) override {
    body += data;
    done = end;
  }
  void on_trailers(http::HeaderList&) override { done = true; }
  void on_reset(http::ResetReason why, std::string_view) override {
    reset = true;
    reset_reason = why;
  }
  void on_writable() override {}

  Arena arena;
  Connection* connection = nullptr;
  http::ClientStream* stream = nullptr;
  uint16_t status = 0;
  std::string body;
  bool done = false;
  bool reset = false;
  http::ResetReason reset_reason = http::ResetReason::kNone;
  bool failed = false;
  PoolFailure failure = PoolFailure::kOverflow;
  std::string failure_details;
};

/// One cluster, used by one worker on the main loop.
class ClusterFixture {
 public:
  void use(ClusterSpec spec) {
    ClusterContext context;
    context.registry = &registry;
    context.main_loop = &*loop;
    context.connections = &upstreams;
    context.hosts_changed = [this](Cluster&) {
      if (worker) worker->refresh();
    };
    cluster = std::make_shared<Cluster>(std::move(spec), context);
    cluster->start([this] { ready = true; });
    worker = std::make_unique<WorkerCluster>(cluster, *loop, upstreams);
  }
  ~ClusterFixture() {
    worker.reset();
    if (cluster) cluster->stop();
    loop.settle(4);
  }

  HttpPool& pool(RoutingPriority priority = RoutingPriority::kDefault) {
    LbContext context;
    HostRef host = worker->choose(context);
    return *worker->http_pool(*host, {cluster->http().protocol, priority, nullptr});
  }
  int64_t stat(ClusterStat which) const { return cluster->stats().value(which); }
  void answer(size_t connection, std::string_view body = "ok") {
    upstreams.made[connection].server->receive();
    upstreams.made[connection].server->send("HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(body.size()) +
                                            "\r\n\r\n" + std::string(body));
  }

  observe::Registry registry;
  net::TestLoop loop;
  TestUpstreams upstreams;
  std::shared_ptr<Cluster> cluster;
  std::unique_ptr<WorkerCluster> worker;
  bool ready = false;
};

}  // namespace proa::upstream
