// Random schedules of streams through the whole HTTP path: a client and a server of HTTP/2, with and without TLS, slow
// networks between them and the proxy, bodies in both directions at once, readers that stop and go on. Whatever
// happened: once everybody reads, every stream comes to its end, and no byte is lost. No clock moves, so that no time
// limit helps.
//
// PROA_SEEDS=N runs N seeds of each kind instead of the usual ones, PROA_FIRST_SEED=N starts with another one.
#include <gtest/gtest.h>

#include <cstdlib>
#include <list>

#include "net/test_loop.h"
#include "net/test_network.h"
#include "net/tls/issuer.h"
#include "net/tls/transport.h"
#include "proxy/listener.h"
#include "proxy/test_listener.h"
#include "proxy/test_stream_peers.h"
#include "proxy/worker_context.h"
#include "upstream/clusters.h"

namespace proa::proxy {
namespace {

using net::tls::ClientContext;
using net::tls::ServerContext;
using Network = net::TestNetwork<Random>;

struct Contexts {
  std::shared_ptr<const ServerContext> server;
  std::shared_ptr<const ClientContext> client;

  static const Contexts& get() {
    static const Contexts made = [] {
      auto authority = *net::tls::Issuer::make_root("test root");
      auto issued = *authority.issue({.common_name = "server"});
      net::tls::ServerTlsOptions server;
      server.certificates = {{.chain_pem = issued.certificate_pem, .key_pem = issued.key_pem}};
      server.alpn = {"h2"};
      net::tls::ClientTlsOptions client;
      client.validation.ca_pem = authority.certificate_pem();
      client.alpn = {"h2"};
      return Contexts{*ServerContext::make(server), *ClientContext::make(client)};
    }();
    return made;
  }
};

/// Waits for a server's handshake, then gives the transport on.
struct Handshake final : net::TransportObserver {
  Handshake(std::unique_ptr<net::Transport> inner, std::function<void(std::unique_ptr<net::Transport>)> then)
      : transport(net::tls::accept(std::move(inner), Contexts::get().server)), next(std::move(then)) {
    transport->observe(this);
  }
  void on_connected() override {
    transport->observe(nullptr);
    next(std::move(transport));
  }
  void on_connect_failed(std::string reason) override { ADD_FAILURE() << reason; }
  void on_readable() override {}
  void on_writable() override {}
  std::unique_ptr<net::Transport> transport;
  std::function<void(std::unique_ptr<net::Transport>)> next;
};

/// How one schedule differs from the others.
struct Shape {
  Shape(Random& random, bool with_tls) : tls(with_tls) {
    grain = pick(random, {40, 700, 9'000, 70'000});
    size_t unit = std::max<size_t>(grain, 500);
    for (http::Http2Options* options : {&client, &server, &down, &up}) {
      options->stream_window = static_cast<uint32_t>(pick(random, {unit, unit * 4, 65'535, 256 * 1024}));
      options->connection_window = static_cast<uint32_t>(pick(random, {65'535, 128 * 1024, 1024 * 1024}));
      options->high_watermark = pick(random, {unit, 3 * unit, 64 * 1024});
      options->max_concurrent_streams = static_cast<uint32_t>(pick(random, {1, 3, 100}));
      options->max_window_updates_per_data_frame = 1000;  // the windows are tiny
      options->max_premature_resets = 10'000;
    }
    const size_t streams = 1 + random.below(random.below(3) ? 4 : 12);
    const size_t longest = std::min<size_t>(grain * 60, 400'000);
    for (size_t i = 0; i < streams; ++i) {
      StreamPlan plan;
      plan.up = random.below(random.below(4) ? longest : 20);
      plan.down = random.below(random.below(4) ? longest : 20);
      plan.up_trailers = random.below(3) == 0;
      plan.down_trailers = random.below(2) == 0;
      plan.echo = random.below(3) == 0;
      plan.head_early = random.below(4) != 0;
      if (random.below(6) == 0) plan.cut = static_cast<StreamPlan::Cut>(1 + random.below(3));
      plans.push_back(plan);
    }
    clients = 1 + random.below(2);
    retries = random.below(3) == 0;
    pauses = random.below(3) != 0;
    shrinks = random.below(3) == 0;
    piece = pick(random, {30, 500, 2 * grain});
    steps = 500 + random.below(2'000);
  }
  static size_t pick(Random& random, std::initializer_list<size_t> of) {
    return *(of.begin() + random.below(of.size()));
  }

  bool tls;
  size_t grain = 0;  // the most bytes that the network moves at a time
  size_t piece = 0;  // the most that a peer sends at a time
  http::Http2Options client, server, down, up;
  std::vector<StreamPlan> plans;
  size_t clients = 1;    // connections
  bool retries = false;  // the proxy keeps requests, as far as it may
  bool pauses = false;
  bool shrinks = false;  // windows
  uint64_t steps = 0;    // of the random part
};

class Schedule final : public upstream::ConnectionFactory {
 public:
  Schedule(bool tls, uint64_t seed) : random_(seed), shape_(random_, tls), network_(random_, shape_.grain) {
    start_proxy();
    for (size_t i = 0; i < shape_.clients; ++i) start_client();
  }
  ~Schedule() override {
    listener_->close_all();
    for (int i = 0; i < 4; ++i) turn_proxy();
    clusters_->remove("c");
    for (int i = 0; i < 4; ++i) turn_proxy();
    worker_->close();
    clusters_->detach_worker();
    clusters_.reset();
    proxy_->run_once(Milliseconds(0));
  }

  void run() {
    for (uint64_t i = 1; i <= shape_.steps && !done() && !testing::Test::HasFailure(); ++i) {
      step();
      if (i % 200 == 0) come_to_rest();
    }
    come_to_rest();
    finish();
  }

 private:
  // --- the proxy ---
  void start_proxy() {
    upstream::ClusterContext context;
    context.registry = &registry_;
    context.main_loop = &*proxy_;
    context.connections = this;
    clusters_ = std::make_unique<upstream::Clusters>(context, *this);
    clusters_->attach_worker(*proxy_);
    upstream::ClusterSpec spec;
    spec.name = "c";
    upstream::Endpoint endpoint;
    endpoint.addresses.push_back(*net::Address::parse("10.0.0.2:2000"));
    spec.assignment.localities.push_back({{}, 0, 0, {endpoint}});
    auto http = std::make_shared<upstream::HttpSpec>();
    http->protocol = upstream::UpstreamProtocol::kHttp2;
    http->http2 = shape_.up;
    spec.http = std::move(http);
    clusters_->add(std::move(spec));
    for (int i = 0; i < 4; ++i) turn_proxy();
    shared_.clusters = clusters_.get();
    worker_ = std::make_unique<WorkerContext>(*proxy_, shared_, 1, 1);
    chain_ = listeners_.forwarding("c", shape_.down, shape_.retries);
    listener_ = std::make_unique<Listener>(*worker_, listeners_.listener(chain_));
  }
  void serve(std::unique_ptr<net::Transport> transport) {
    DownstreamConnection::start(*listener_, std::move(transport), chain_, {}, nullptr);
  }

  // upstream::ConnectionFactory
  Result<std::unique_ptr<net::Transport>> connect(net::Loop& loop, const net::Address&, upstream::Cluster&,
                                                  const upstream::TransportSocketSpec&,
                                                  const upstream::TransportOptions*,
                                                  upstream::UpstreamProtocol) override {
    auto pair = network_.connect(loop, *peers_, capacity());
    pair.first->announce_connected();
    upstream_ends_.push_back(pair.second.get());
    if (!shape_.tls) {
      start_server(std::move(pair.second));
      return std::unique_ptr<net::Transport>(std::move(pair.first));
    }
    handshakes_.emplace_back(std::move(pair.second),
                             [this](std::unique_ptr<net::Transport> ready) { start_server(std::move(ready)); });
    return std::unique_ptr<net::Transport>(net::tls::connect(std::move(pair.first), Contexts::get().client));
  }
  std::unique_ptr<http::ClientCodec> make_codec(bool, http::CodecOwner& owner, const upstream::HttpSpec& spec,
                                                MonoTime now) override {
    return std::make_unique<http::h2::ClientConnection>(owner, spec.http2, now);
  }

  // --- the peers ---
  size_t capacity() { return Shape::pick(random_, {shape_.grain / 2, shape_.grain * 2, 256 * 1024}); }
  void start_client() {
    auto pair = network_.connect(*peers_, *proxy_, capacity());
    downstream_ends_.push_back(pair.second.get());
    if (!shape_.tls) {
      serve(std::move(pair.second));
      clients_.push_back(std::make_unique<StreamClient>(std::move(pair.first), shape_.client));
      return clients_.back()->begin(false);
    }
    handshakes_.emplace_back(std::move(pair.second),
                             [this](std::unique_ptr<net::Transport> ready) { serve(std::move(ready)); });
    clients_.push_back(std::make_unique<StreamClient>(net::tls::connect(std::move(pair.first), Contexts::get().client),
                                                      shape_.client));
  }
  void start_server(std::unique_ptr<net::Transport> transport) {
    servers_.push_back(std::make_unique<StreamServer>(std::move(transport), shape_.server, shape_.plans));
    servers_.back()->begin(true);
  }
  template <class F>
  void for_each_half(F f) {
    for (auto& client : clients_) {
      for (auto& call : client->calls) f(call.half);
    }
    for (auto& server : servers_) {
      for (auto& call : server->calls) f(call.half);
    }
  }
  bool open_next() {
    return opened_ < shape_.plans.size() && pick(clients_)->open(shape_.plans[opened_], opened_) && ++opened_;
  }
  template <class T>
  T& pick(std::vector<T>& of) {
    return of[random_.below(of.size())];
  }
  void peer_acts() {
    const size_t most = 1 + random_.below(shape_.piece);
    if (random_.below(8) == 0) open_next();
    if (random_.below(2) == 0) {
      auto& calls = pick(clients_)->calls;
      if (!calls.empty()) calls[random_.below(calls.size())].send(most);
      return;
    }
    if (servers_.empty()) return;
    auto& calls = pick(servers_)->calls;
    if (!calls.empty()) calls[random_.below(calls.size())].send(most);
  }
  void peer_shrinks() {
    if (!shape_.shrinks || shrunk_ == 20) return;  // more would be a flood
    const bool whole = random_.below(3) == 0;
    PeerConnection* peer = pick(clients_).get();
    if (random_.below(2) && !servers_.empty()) peer = pick(servers_).get();
    if (whole) {
      peer->restore_window();
    } else {
      ++shrunk_;
      peer->change_window(static_cast<uint32_t>(random_.below(peer->window())));
    }
  }
  void peer_pauses() {
    if (!shape_.pauses) return;
    const bool pause = random_.below(2) == 0;
    const bool everybody = random_.below(4) == 0;
    for_each_half([&](StreamHalf& half) {
      if (everybody || random_.below(3) == 0) half.pause(pause);
    });
  }

  // --- what happens ---
  void turn_proxy() { proxy_->run_once(Milliseconds(0)); }
  void turn_peers() { peers_->run_once(Milliseconds(0)); }
  /// Now and then one does the same many times before another gets his turn: many small records, a full socket.
  void step() {
    const uint64_t what = random_.below(16);
    for (uint64_t left = random_.below(10) ? 1 : 1 + random_.below(60); left > 0; --left) happen(what);
  }
  void happen(uint64_t what) {
    switch (what) {
      case 0:
      case 1:
      case 2:
      case 3: return network_.move();
      case 4:
      case 5:
      case 6: network_.tell(*proxy_, false); return turn_proxy();
      case 7:
      case 8:
      case 9: network_.tell(*peers_, false); return turn_peers();
      case 10: return turn_proxy();
      case 11: return random_.below(8) ? peer_pauses() : peer_shrinks();
      case 12:
      case 13: peer_acts(); return turn_peers();
      default: return peer_acts();
    }
  }
  bool done() {
    if (opened_ < shape_.plans.size()) return false;
    bool over = true;
    for_each_half([&](StreamHalf& half) { over = over && half.over(); });
    return over;
  }

  /// All that has been sent arrives and is told. HTTP/2 always reads, also for streams that are paused.
  void come_to_rest() {
    int idle = 0;
    for (int turns = 0; idle < 8; ++turns) {
      ASSERT_LT(turns, 100'000) << "it never rests" << state();
      idle = carry() ? 0 : idle + 1;
    }
    ASSERT_EQ(network_.left_over(), "") << state();
  }
  bool carry() {
    bool moved = network_.move_all();
    moved |= network_.tell(*proxy_, true);
    moved |= network_.tell(*peers_, true);
    for (int i = 0; i < 3; ++i) {
      turn_proxy();
      turn_peers();
    }
    return moved;
  }

  /// From now on everybody reads, sends what he may, and the network is fast.
  void finish() {
    int idle = 0;
    for (int turns = 0; idle < 8 && !done() && !testing::Test::HasFailure(); ++turns) {
      ASSERT_LT(turns, 100'000) << "it never ends" << state();
      bool moved = false;
      for_each_half([&](StreamHalf& half) {
        moved |= half.paused();
        half.pause(false);
      });
      moved |= open_next();
      for (auto& client : clients_) {
        moved |= client->restore_window();
        for (auto& call : client->calls) moved |= call.send(SIZE_MAX);
      }
      for (auto& server : servers_) {
        moved |= server->restore_window();
        for (auto& call : server->calls) moved |= call.send(SIZE_MAX);
      }
      moved |= carry();
      idle = moved ? 0 : idle + 1;
    }
    ASSERT_TRUE(done() || testing::Test::HasFailure()) << "it stands still" << state();
  }
  std::string state() {
    std::string out;
    for (auto* end : downstream_ends_) out += "\n  the proxy's end of a client's connection: " + end->state();
    for (auto* end : upstream_ends_) out += "\n  a server's end: " + end->state();
    for_each_half([&](StreamHalf& half) { out += "\n  " + half.state(); });
    return out;
  }

  Random random_;
  Shape shape_;
  net::TestLoop peers_, proxy_;
  Network network_;
  observe::Registry registry_;
  TestListeners listeners_{registry_};
  std::unique_ptr<upstream::Clusters> clusters_;
  SharedContext shared_;
  std::unique_ptr<WorkerContext> worker_;
  std::shared_ptr<FilterChain> chain_;
  std::unique_ptr<Listener> listener_;
  std::list<Handshake> handshakes_;
  std::vector<std::unique_ptr<StreamServer>> servers_;
  std::vector<std::unique_ptr<StreamClient>> clients_;
  std::vector<Network::End*> downstream_ends_, upstream_ends_;
  size_t opened_ = 0;
  int shrunk_ = 0;
};

uint64_t number_from(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

void run_seeds(bool tls, uint64_t count) {
  const uint64_t first = number_from("PROA_FIRST_SEED", 1);
  const uint64_t end = first + number_from("PROA_SEEDS", count);
  for (uint64_t seed = first; seed < end && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Schedule(tls, seed).run();
  }
}

TEST(RandomStreams, clear_text_all_end) { run_seeds(false, 80); }
TEST(RandomStreams, tls_all_end) { run_seeds(true, 60); }

}  // namespace
}  // namespace proa::proxy
