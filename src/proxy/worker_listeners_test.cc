#include "proxy/worker_listeners.h"

#include <gtest/gtest.h>

#include "filters/asking_filter.h"
#include "net/socket_transport.h"
#include "net/test_loop.h"
#include "proxy/test_listener.h"
#include "upstream/clusters.h"
#include "upstream/test_upstreams.h"

namespace proa::proxy {
namespace {

/// A client's connection on the test's loop.
struct Client final : net::TransportObserver {
  explicit Client(net::Loop& loop, const net::Address& to) : transport(*net::SocketTransport::connect(loop, to, {})) {
    transport->observe(this);
  }
  void on_readable() override {
    char buffer[4096];
    for (;;) {
      const net::IoResult result = transport->read(buffer, sizeof buffer);
      ended |= result.state == net::IoResult::State::kEof || result.state == net::IoResult::State::kError;
      if (!result.ok()) return;
      received.append(buffer, result.bytes);
    }
  }
  void on_writable() override {}
  void on_connected() override { connected = true; }
  void on_connect_failed(std::string) override { ended = true; }
  void on_hangup() override { ended = true; }
  void send(std::string_view text) {
    iovec piece{const_cast<char*>(text.data()), text.size()};
    transport->writev({&piece, 1});
  }
  std::unique_ptr<net::SocketTransport> transport;
  std::string received;
  bool connected = false, ended = false;
};

struct WorkerListenersTest : testing::Test {
  ~WorkerListenersTest() override {
    worker_listeners.close_all();
    loop.settle();
  }
  /// Puts `config` in force on a socket of its own, and notes where that listens.
  void add(std::shared_ptr<ListenerConfig> config) {
    net::Fd socket = *net::listen_on(config->addresses[0], config->socket);
    where = net::local_address(socket.get());
    std::vector<net::Fd> sockets;
    sockets.push_back(std::move(socket));
    worker_listeners.add(std::move(config), std::move(sockets));
  }
  std::unique_ptr<Client> connect() {
    auto client = std::make_unique<Client>(*loop, where);
    EXPECT_TRUE(loop.run_until([&] { return client->connected || client->ended; }));
    return client;
  }
  /// The response to a request, which ends with "!".
  std::string ask(Client& client) {
    client.received.clear();
    client.send("GET / HTTP/1.1\r\nhost: a.test\r\n\r\n");
    loop.run_until([&] { return client.received.ends_with('!') || client.ended; });
    return client.received;
  }
  static bool says(const std::string& response, const std::string& text) { return response.find(text) != text.npos; }
  bool accepted(int64_t connections) {
    return loop.run_until([&] { return listeners.count(ListenerStat::kCxTotal) == connections; });
  }

  net::TestLoop loop;
  observe::Registry registry;
  TestListeners listeners{registry};
  SharedContext shared;
  WorkerContext worker{loop, shared, 0, 1};
  WorkerListeners worker_listeners{worker, Milliseconds(600'000)};
  net::Address where;
};

TEST_F(WorkerListenersTest, serves_what_is_configured) {
  add(listeners.listener(listeners.answering("one!")));
  auto client = connect();
  const std::string response = ask(*client);
  EXPECT_TRUE(says(response, "HTTP/1.1 200")) << response;
  EXPECT_TRUE(response.ends_with("one!")) << response;
  EXPECT_EQ(worker_listeners.connections(), 1U);
  EXPECT_EQ(listeners.count(ListenerStat::kCxActive), 1);
}

TEST_F(WorkerListenersTest, an_update_serves_the_next_request_of_a_connection) {
  add(listeners.listener(listeners.answering("one!")));
  auto client = connect();
  EXPECT_TRUE(ask(*client).ends_with("one!"));
  worker_listeners.update(listeners.listener(listeners.answering("two!")));
  const std::string response = ask(*client);
  EXPECT_TRUE(response.ends_with("two!")) << response;
  EXPECT_FALSE(says(response, "connection: close")) << response;
}

TEST_F(WorkerListenersTest, a_connection_whose_chain_differs_below_http_drains_under_the_old_one) {
  add(listeners.listener(listeners.answering("one!", 1)));
  auto old = connect();
  EXPECT_TRUE(ask(*old).ends_with("one!"));
  worker_listeners.update(listeners.listener(listeners.answering("two!", 2)));
  const std::string last = ask(*old);
  EXPECT_TRUE(last.ends_with("one!")) << last;
  EXPECT_TRUE(says(last, "connection: close")) << last;
  EXPECT_EQ(listeners.count(HttpStat::kCxDrainClose), 1);
  EXPECT_TRUE(ask(*connect()).ends_with("two!"));
}

TEST_F(WorkerListenersTest, a_connection_that_was_being_inspected_is_served_by_the_update) {
  auto before = listeners.listener(listeners.answering("one!"));
  before->inspect_http = true;
  before->http_inspection_stats = listeners.http_inspection_stats();
  add(before);
  auto client = connect();
  ASSERT_TRUE(accepted(1));
  worker_listeners.update(listeners.listener(listeners.answering("two!")));
  EXPECT_TRUE(ask(*client).ends_with("two!"));
}

/// Admits, and counts the connections that it knows of.
struct CountingFilter : filters::NetworkFilter {
  bool admit(observe::StreamInfo&, Arena&) const override { return ++*open > 0; }
  void on_close() const override { --*open; }
  std::shared_ptr<int> open = std::make_shared<int>(0);
};

/// Asks somebody, and keeps what is to be told the answer.
struct AskingSomebody : filters::AskingFilter {
  struct Pending : filters::PendingAdmission {
    std::optional<bool> answer() const override { return std::nullopt; }
  };
  bool admit(observe::StreamInfo&, Arena&) const override { return true; }
  std::unique_ptr<filters::PendingAdmission> ask(observe::StreamInfo&, upstream::Clusters&, net::Loop&,
                                                 std::function<void(bool)> done) const override {
    *answer = std::move(done);
    return std::make_unique<Pending>();
  }
  std::shared_ptr<std::function<void(bool)>> answer = std::make_shared<std::function<void(bool)>>();
};

struct AskedConnection : WorkerListenersTest {
  AskedConnection() {
    clusters_context.registry = &registry;
    clusters_context.main_loop = &*loop;
    clusters = std::make_unique<upstream::Clusters>(clusters_context, upstreams);
    shared.clusters = clusters.get();
    auto chain = listeners.answering("ok!");
    chain->filters = {counting, asking};
    add(listeners.listener(chain));
    client = connect();
    loop.run_until([&] { return *asking->answer != nullptr; });
  }
  ~AskedConnection() override {
    worker_listeners.close_all();
    loop.settle();
  }
  upstream::ClusterContext clusters_context;
  upstream::TestUpstreams upstreams;
  std::unique_ptr<upstream::Clusters> clusters;
  std::shared_ptr<const CountingFilter> counting = std::make_shared<CountingFilter>();
  std::shared_ptr<const AskingSomebody> asking = std::make_shared<AskingSomebody>();
  std::unique_ptr<Client> client;
};

TEST_F(AskedConnection, waits_for_the_word_and_is_served) {
  EXPECT_EQ(*counting->open, 1);
  client->send("GET / HTTP/1.1\r\nhost: a.test\r\n\r\n");
  loop.settle();
  EXPECT_EQ(client->received, "");
  (*asking->answer)(true);
  loop.run_until([&] { return client->received.ends_with('!') || client->ended; });
  EXPECT_TRUE(client->received.ends_with("ok!")) << client->received;
  EXPECT_EQ(*counting->open, 1);
}

TEST_F(AskedConnection, that_is_refused_leaves_the_filters_that_let_it_in) {
  (*asking->answer)(false);
  EXPECT_TRUE(loop.run_until([&] { return client->ended; }));
  EXPECT_EQ(*counting->open, 0);
}

TEST_F(AskedConnection, whose_client_goes_leaves_the_filters_that_let_it_in) {
  client->transport->close(/*reset=*/true);
  EXPECT_TRUE(loop.run_until([&] { return *counting->open == 0; }));
}

TEST_F(AskedConnection, that_the_listener_closes_leaves_the_filters_that_let_it_in) {
  worker_listeners.close_all();
  loop.settle();
  EXPECT_EQ(*counting->open, 0);
}

TEST_F(WorkerListenersTest, a_connection_goes_to_the_listener_of_its_destination) {
  // The socket is not at the address that the configuration names: as if connections were redirected to it.
  auto gate = listeners.listener(listeners.answering("gate!"), "gate");
  net::Fd socket = *net::listen_on(gate->addresses[0], gate->socket);
  where = net::local_address(socket.get());
  gate->addresses = {net::Address::loopback(net::Address::Family::kIpv4, 1)};
  gate->use_original_destination = true;
  std::vector<net::Fd> sockets;
  sockets.push_back(std::move(socket));
  worker_listeners.add(gate, std::move(sockets));
  EXPECT_TRUE(ask(*connect()).ends_with("gate!"));
  auto unbound = [this](const std::string& name, const net::Address& address) {
    auto config = listeners.listener(listeners.answering(name + "!"), name);
    config->addresses = {address};
    config->bind_to_port = false;
    worker_listeners.add(std::move(config), {});
  };
  unbound("any", net::Address::any(net::Address::Family::kIpv4, where.port()));
  EXPECT_TRUE(ask(*connect()).ends_with("any!"));
  unbound("exact", where);
  EXPECT_TRUE(ask(*connect()).ends_with("exact!"));
  worker_listeners.remove("exact");
  EXPECT_TRUE(ask(*connect()).ends_with("any!"));
}

TEST_F(WorkerListenersTest, an_update_of_what_is_not_there_is_nothing) {
  add(listeners.listener(listeners.answering("one!")));
  worker_listeners.update(listeners.listener(listeners.answering("two!"), "other"));
  EXPECT_TRUE(ask(*connect()).ends_with("one!"));
}

TEST_F(WorkerListenersTest, a_removed_listener_accepts_nobody_and_lets_its_connections_finish) {
  add(listeners.listener(listeners.answering("one!")));
  auto client = connect();
  ask(*client);
  worker_listeners.remove("l");
  EXPECT_TRUE(connect()->ended);
  EXPECT_EQ(worker_listeners.connections(), 1U);
  const std::string last = ask(*client);
  EXPECT_TRUE(last.ends_with("one!") && says(last, "connection: close")) << last;
  EXPECT_TRUE(loop.run_until([&] { return client->ended; }));
  client.reset();
  EXPECT_TRUE(loop.run_until([&] { return worker_listeners.connections() == 0; }));
  worker_listeners.remove("l");
  worker_listeners.remove("never there");
}

TEST_F(WorkerListenersTest, an_idle_connection_of_a_removed_listener_ends_with_the_drain_time) {
  add(listeners.listener(listeners.answering("one!")));
  auto client = connect();
  ask(*client);
  worker_listeners.remove("l");
  loop.run_for(Milliseconds(4'999));
  EXPECT_FALSE(client->ended);
  loop.run_for(Milliseconds(2));
  EXPECT_TRUE(loop.run_until([&] { return client->ended; }));
}

// No protocol tells a client of raw bytes that it should leave.
TEST_F(WorkerListenersTest, what_a_removed_listener_still_has_ends_with_the_drain_time) {
  add(listeners.listener(TestListeners::self_served({.echo = true, .answer = {}})));
  auto relayed = connect();
  ASSERT_TRUE(accepted(1));
  auto inspected = listeners.listener(listeners.answering("one!"), "second");
  inspected->inspect_http = true;
  inspected->http_inspection_stats = listeners.http_inspection_stats();
  inspected->inspection_timeout = kNever;
  add(inspected);
  auto silent = connect();
  ASSERT_TRUE(accepted(2));
  worker_listeners.remove("l");
  worker_listeners.remove("second");
  loop.run_for(Milliseconds(599'999));
  relayed->send("still there");
  EXPECT_TRUE(loop.run_until([&] { return relayed->received == "still there"; }));
  EXPECT_FALSE(silent->ended);
  loop.run_for(Milliseconds(2));
  EXPECT_TRUE(loop.run_until([&] { return relayed->ended && silent->ended; }));
  EXPECT_TRUE(loop.run_until([&] { return worker_listeners.connections() == 0; }));
}

TEST_F(WorkerListenersTest, a_connection_that_was_being_inspected_when_its_listener_went_drains_too) {
  auto config = listeners.listener(listeners.answering("one!"));
  config->inspect_http = true;
  config->http_inspection_stats = listeners.http_inspection_stats();
  add(config);
  auto client = connect();
  ASSERT_TRUE(accepted(1));
  worker_listeners.remove("l");
  const std::string response = ask(*client);
  EXPECT_TRUE(response.ends_with("one!") && says(response, "connection: close")) << response;
}

TEST_F(WorkerListenersTest, a_listener_of_the_same_name_takes_the_place_of_the_old_one) {
  add(listeners.listener(listeners.answering("one!")));
  auto old = connect();
  ask(*old);
  const net::Address before = where;
  add(listeners.listener(listeners.answering("two!")));
  EXPECT_NE(where.port(), before.port());
  EXPECT_TRUE(ask(*connect()).ends_with("two!"));
  const std::string last = ask(*old);
  EXPECT_TRUE(last.ends_with("one!") && says(last, "connection: close")) << last;
}

TEST_F(WorkerListenersTest, when_accepting_stops_connections_go_on) {
  add(listeners.listener(listeners.answering("one!")));
  auto client = connect();
  ask(*client);
  worker_listeners.stop_accepting(Traffic::kAll);
  EXPECT_TRUE(connect()->ended);
  const std::string response = ask(*client);
  EXPECT_TRUE(response.ends_with("one!") && !says(response, "connection: close")) << response;
}

TEST_F(WorkerListenersTest, a_slow_drain_tells_a_share_of_the_connections_in_each_turn) {
  add(listeners.listener(listeners.answering("one!")));
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(connect());
    ask(*clients.back());
  }
  worker_listeners.drain_share(2, Traffic::kAll);
  EXPECT_EQ(listeners.count(HttpStat::kCxDrainClose), 2);
  worker_listeners.drain_share(1, Traffic::kAll);
  EXPECT_EQ(listeners.count(HttpStat::kCxDrainClose), 4) << "the last turn tells everybody";
  worker_listeners.drain_share(1, Traffic::kAll);
  EXPECT_EQ(listeners.count(HttpStat::kCxDrainClose), 4) << "nobody twice";
}

TEST_F(WorkerListenersTest, closing_all_closes_those_that_drain_too) {
  add(listeners.listener(listeners.answering("one!"), "gone"));
  auto draining = connect();
  ask(*draining);
  worker_listeners.remove("gone");
  add(listeners.listener(TestListeners::self_served({.echo = true, .answer = {}})));
  auto echoing = connect();
  ASSERT_TRUE(accepted(2));
  EXPECT_EQ(worker_listeners.connections(), 2U);
  worker_listeners.close_all();
  EXPECT_TRUE(loop.run_until([&] { return draining->ended && echoing->ended; }));
  EXPECT_EQ(worker_listeners.connections(), 0U);
}

TEST_F(WorkerListenersTest, more_connections_than_allowed_are_closed_and_counted) {
  auto config = listeners.listener(listeners.answering("one!"));
  config->connection_limit = 1;
  add(config);
  auto first = connect();
  ASSERT_TRUE(accepted(1));
  auto second = connect();
  EXPECT_TRUE(loop.run_until([&] { return second->ended; }));
  EXPECT_EQ(listeners.count(ListenerStat::kCxOverflow), 1);
  first.reset();
  EXPECT_TRUE(loop.run_until([&] { return config->connections->load() == 0; }));
  EXPECT_TRUE(ask(*connect()).ends_with("one!"));
}

TEST_F(WorkerListenersTest, the_process_has_a_limit_of_its_own) {
  shared.connection_limit = 1;
  add(listeners.listener(listeners.answering("one!")));
  auto first = connect();
  ASSERT_TRUE(accepted(1));
  auto second = connect();
  EXPECT_TRUE(loop.run_until([&] { return second->ended; }));
  EXPECT_EQ(listeners.count(ListenerStat::kGlobalCxOverflow), 1);
  auto exempt = listeners.listener(listeners.answering("two!"), "exempt");
  exempt->ignore_global_limit = true;
  add(exempt);
  EXPECT_TRUE(ask(*connect()).ends_with("two!"));
}

}  // namespace
}  // namespace proa::proxy
