#include "proxy/server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <latch>

#include "proxy/test_listener.h"

namespace proa::proxy {
namespace {

constexpr int kPatience = 10'000;  // ms, until a test is given up

/// A client's connection with calls that block.
class Client {
 public:
  explicit Client(const net::Address& to) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_storage address{};
    const socklen_t size = to.to_sockaddr(address);
    connected_ = ::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0;
  }
  bool connected() const { return connected_; }
  /// The response to a request, which ends with "!".
  std::string ask() {
    static constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nhost: a.test\r\n\r\n";
    if (::send(socket_.get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) return "(not sent)";
    std::string response;
    while (!response.ends_with('!') && read(response)) {
    }
    return response;
  }
  /// The server has ended the connection.
  bool ended() {
    std::string ignored;
    while (read(ignored)) {
    }
    return true;
  }

 private:
  bool read(std::string& to) {
    pollfd ready{socket_.get(), POLLIN, 0};
    if (::poll(&ready, 1, kPatience) != 1) throw std::runtime_error("nothing came");
    char buffer[4096];
    const ssize_t size = ::recv(socket_.get(), buffer, sizeof buffer, 0);
    if (size > 0) to.append(buffer, static_cast<size_t>(size));
    return size > 0;
  }
  net::Fd socket_;
  bool connected_ = false;
};

struct ServerTest : testing::Test {
  Snapshot snapshot(std::vector<std::shared_ptr<const ListenerConfig>> configs,
                    std::vector<std::string> clusters = {}) {
    Snapshot made;
    made.listeners = std::move(configs);
    for (std::string& name : clusters) {
      upstream::ClusterSpec spec;
      spec.name = std::move(name);
      made.clusters.push_back(std::move(spec));
    }
    return made;
  }
  Snapshot answering(const std::string& text) { return snapshot({listeners.listener(listeners.answering(text))}); }
  void start(Snapshot with, InheritedSockets inherited = {}) {
    Status started = server.start(std::move(with), std::move(inherited), [this] { loop.stop(); });
    ASSERT_TRUE(started) << started.error().message;
    loop.run();
  }
  /// The error; empty when it was applied.
  std::string apply(Snapshot next) {
    std::string error = "(not done)";
    bool running = false;  // a stop before the loop runs would stop the next run
    server.apply(std::move(next), [&](Status done) {
      error = done ? "" : done.error().message;
      if (running) loop.stop();
    });
    running = true;
    if (error == "(not done)") loop.run();
    return error;
  }
  net::Address where(const std::string& listener = "l") { return server.bound_addresses(listener).at(0); }
  std::string ask(const net::Address& at) { return Client(at).ask(); }
  static bool closes(const std::string& response) { return response.find("connection: close") != response.npos; }
  std::vector<std::string> clusters() {
    std::vector<std::string> names;
    for (const auto& cluster : server.clusters().list()) names.push_back(cluster->name());
    std::ranges::sort(names);
    return names;
  }
  /// A port that is in use.
  static net::Fd occupy(net::Address& address) {
    net::Fd socket = *net::listen_on(net::Address::loopback(net::Address::Family::kIpv4, 0), {.reuse_port = false});
    address = net::local_address(socket.get());
    return socket;
  }

  net::Loop loop;
  observe::Registry registry;
  TestListeners listeners{registry};
  Server server{loop, registry, {.concurrency = 2}};
};

TEST_F(ServerTest, starts_and_serves_on_every_worker_behind_one_port) {
  EXPECT_EQ(server.state(), ServerState::kPreInitializing);
  start(snapshot({listeners.listener(listeners.answering("one!"))}, {"a"}));
  EXPECT_EQ(server.state(), ServerState::kLive);
  EXPECT_NE(where().port(), 0) << "the one that the kernel chose";
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(ask(where()).ends_with("one!"));
  EXPECT_EQ(server.duplicate_sockets().at(where().to_string()).size(), 2U);
  EXPECT_EQ(clusters(), std::vector<std::string>{"a"});
}

TEST_F(ServerTest, an_address_in_use_is_told_and_nothing_starts) {
  auto taken = listeners.listener(listeners.answering("two!"), "second");
  const net::Fd occupant = occupy(taken->addresses[0]);
  Status started = server.start(snapshot({listeners.listener(listeners.answering("one!")), taken}), {},
                                [] { FAIL() << "it is not live"; });
  ASSERT_FALSE(started);
  EXPECT_TRUE(started.error().message.starts_with("listener second: ")) << started.error().message;
  EXPECT_TRUE(server.bound_addresses("l").empty());
  EXPECT_EQ(server.state(), ServerState::kPreInitializing);
}

TEST_F(ServerTest, a_listener_need_not_listen) {
  auto config = listeners.listener(listeners.answering("one!"));
  config->bind_to_port = false;
  start(snapshot({config}));
  EXPECT_EQ(where().port(), 0);
  EXPECT_TRUE(server.duplicate_sockets().empty());
}

TEST_F(ServerTest, the_next_configuration_serves_the_next_request_on_the_same_port) {
  start(answering("one!"));
  const net::Address before = where();
  Client client(before);
  EXPECT_TRUE(client.ask().ends_with("one!"));
  EXPECT_EQ(apply(answering("two!")), "");
  EXPECT_EQ(where(), before);
  const std::string response = client.ask();
  EXPECT_TRUE(response.ends_with("two!") && !closes(response)) << response;
  EXPECT_TRUE(ask(before).ends_with("two!"));
}

TEST_F(ServerTest, listeners_come_and_go) {
  start(answering("one!"));
  const net::Address first = where();
  EXPECT_EQ(apply(snapshot({listeners.listener(listeners.answering("two!"), "second")})), "");
  EXPECT_TRUE(ask(where("second")).ends_with("two!"));
  EXPECT_TRUE(server.bound_addresses("l").empty());
  // The workers stop listening in turns of their own: the one after this round has.
  bool done = false;
  server.workers().for_each([](net::Worker&) {},
                            [&] {
                              done = true;
                              loop.stop();
                            });
  if (!done) loop.run();
  EXPECT_FALSE(Client(first).connected());
}

TEST_F(ServerTest, clusters_come_before_and_go_after_the_listeners) {
  start(snapshot({listeners.listener(listeners.answering("one!"))}, {"a", "b"}));
  EXPECT_EQ(apply(snapshot({listeners.listener(listeners.answering("two!"))}, {"b", "c"})), "");
  EXPECT_EQ(clusters(), (std::vector<std::string>{"b", "c"}));
}

TEST_F(ServerTest, a_refused_configuration_leaves_all_as_it_was) {
  start(snapshot({listeners.listener(listeners.answering("one!"))}, {"a"}));
  const net::Address before = where();
  Client client(before);
  client.ask();
  auto free_one = listeners.listener(listeners.answering("three!"), "free");
  auto taken = listeners.listener(listeners.answering("two!"), "second");
  const net::Fd occupant = occupy(taken->addresses[0]);
  const std::string error = apply(snapshot({listeners.listener(listeners.answering("two!")), free_one, taken}, {"b"}));
  EXPECT_TRUE(error.starts_with("listener second: ")) << error;
  EXPECT_EQ(clusters(), std::vector<std::string>{"a"});
  EXPECT_EQ(server.snapshot().listeners.size(), 1U);
  EXPECT_TRUE(server.bound_addresses("free").empty());
  const std::string response = client.ask();
  EXPECT_TRUE(response.ends_with("one!") && !closes(response)) << response;
  EXPECT_TRUE(ask(before).ends_with("one!"));
  EXPECT_EQ(apply(answering("four!")), "") << "a later one may be taken";
  EXPECT_TRUE(client.ask().ends_with("four!"));
}

TEST_F(ServerTest, a_drain_without_connections_is_over_at_once) {
  start(answering("one!"));
  server.drain({.limit = Milliseconds(kPatience)}, [this] { loop.stop(); });
  EXPECT_EQ(server.state(), ServerState::kDraining);
  loop.run();
  EXPECT_TRUE(server.bound_addresses("l").empty());
}

TEST_F(ServerTest, a_drain_waits_for_the_connections_which_are_told_to_end) {
  start(answering("one!"));
  auto client = std::make_unique<Client>(where());
  client->ask();
  bool drained = false;
  server.drain({.limit = Milliseconds(kPatience)}, [&] {
    drained = true;
    loop.stop();
  });
  // The first look at the workers finds the connection.
  server.workers().for_each([](net::Worker&) {}, [this] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(drained);
  const std::string last = client->ask();
  EXPECT_TRUE(last.ends_with("one!") && closes(last)) << last;
  EXPECT_TRUE(client->ended());
  client.reset();
  loop.run();
  EXPECT_TRUE(drained);
}

TEST_F(ServerTest, a_drain_ends_with_its_limit) {
  start(answering("one!"));
  Client client(where());
  client.ask();
  server.drain({.limit = Milliseconds(1)}, [this] { loop.stop(); });
  loop.run();
  EXPECT_TRUE(client.ask().ends_with("one!")) << "whoever asked for the drain ends the process";
}

TEST_F(ServerTest, nothing_is_applied_to_a_server_that_drains) {
  start(snapshot({listeners.listener(listeners.answering("one!"))}, {"a"}));
  server.drain({.limit = Milliseconds(kPatience)}, [this] { loop.stop(); });
  loop.run();
  EXPECT_EQ(apply(snapshot({listeners.listener(listeners.answering("two!"))}, {"a"})),
            "the process has begun to drain");
}

TEST_F(ServerTest, when_accepting_stops_connections_go_on) {
  start(answering("one!"));
  const net::Address at = where();
  Client client(at);
  client.ask();
  server.stop_accepting();
  server.workers().for_each([](net::Worker&) {}, [this] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(Client(at).connected());
  const std::string response = client.ask();
  EXPECT_TRUE(response.ends_with("one!") && !closes(response)) << response;
  EXPECT_EQ(server.state(), ServerState::kLive);
}

TEST_F(ServerTest, a_process_whose_health_checks_fail_asks_clients_to_go_elsewhere) {
  start(answering("one!"));
  server.fail_health_checks(true);
  EXPECT_TRUE(server.health_checks_fail());
  EXPECT_TRUE(closes(ask(where())));
  server.fail_health_checks(false);
  EXPECT_FALSE(closes(ask(where())));
}

TEST_F(ServerTest, a_successor_listens_on_the_same_sockets) {
  start(answering("one!"));
  const net::Address at = where();
  InheritedSockets handed_over = server.duplicate_sockets();
  net::Loop other_loop;
  Server successor(other_loop, registry, {.concurrency = 1});
  auto config = listeners.listener(listeners.answering("two!"));
  config->addresses = {at};
  ASSERT_TRUE(successor.start(snapshot({config}), std::move(handed_over), [&] { other_loop.stop(); }));
  other_loop.run();
  EXPECT_EQ(successor.bound_addresses("l").at(0), at);
  server.stop_accepting();
  std::latch stopped(2);
  server.workers().for_each([&](net::Worker&) { stopped.count_down(); });
  stopped.wait();
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(ask(at).ends_with("two!"));
}

}  // namespace
}  // namespace proa::proxy
