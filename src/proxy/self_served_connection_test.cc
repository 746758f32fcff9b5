#include "proxy/self_served_connection.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "net/memory_transport.h"
#include "net/test_loop.h"
#include "proxy/listener.h"
#include "proxy/test_listener.h"

namespace proa::proxy {
namespace {

/// Counts how often a connection it admitted has closed.
struct CountingFilter final : filters::NetworkFilter {
  bool admit(observe::StreamInfo&, Arena&) const override { return true; }
  void on_close() const override { ++closed; }
  mutable int closed = 0;
};

struct SelfServedTest : testing::Test {
  void TearDown() override {  // a connection owns itself
    listener.close_all();
    loop.settle();
  }
  void start(SelfServed what) {
    auto chain = TestListeners::self_served(std::move(what));
    chain->filters = {filter};
    config->stats->add(ListenerStat::kCxActive);  // as whoever accepts
    SelfServedConnection::start(listener, std::move(wires.second), chain, {ticket(), nullptr});
    loop.settle();
  }
  void answer(std::string text) { start({.answer = std::move(text)}); }
  void echo() { start({.echo = true, .answer = {}}); }
  std::shared_ptr<ConnectionTicket> ticket() { return ConnectionTicket::take(config->connections, 1); }
  std::string received() {
    loop.settle();
    return client.receive();
  }
  void expect_closed() {
    loop.settle();
    EXPECT_TRUE(listener.empty());
    EXPECT_EQ(listeners.count(ListenerStat::kCxActive), 0);
    EXPECT_EQ(listeners.count(ListenerStat::kCxDestroy), 1);
    EXPECT_EQ(filter->closed, 1);
    EXPECT_EQ(config->connections->load(), 0) << "its place is free";
  }

  net::TestLoop loop;
  observe::Registry registry;
  TestListeners listeners{registry};
  std::shared_ptr<ListenerConfig> config = listeners.listener(nullptr);
  std::shared_ptr<CountingFilter> filter = std::make_shared<CountingFilter>();
  SharedContext shared;
  WorkerContext worker{loop, shared, 0, 1};
  Listener listener{worker, config};
  net::MemoryTransport::Pair wires = net::MemoryTransport::make_pair(loop);
  net::MemoryTransport& client = *wires.first;
  net::MemoryTransport& ours = *wires.second;
};

TEST_F(SelfServedTest, the_answer_comes_unasked_and_then_the_end) {
  answer("closed for today\n");
  EXPECT_EQ(received(), "closed for today\n");
  EXPECT_TRUE(client.peer_finished());
  EXPECT_FALSE(listener.empty()) << "the client may close first";
  client.shutdown_write();
  expect_closed();
}

TEST_F(SelfServedTest, what_the_client_says_is_thrown_away) {
  answer("no");
  client.send(std::string(300'000, 'x'));
  EXPECT_EQ(received(), "no");
  EXPECT_FALSE(client.was_reset());
  client.shutdown_write();
  expect_closed();
}

TEST_F(SelfServedTest, a_client_that_stays_is_left_after_a_second) {
  answer("no");
  loop.run_for(Milliseconds(999));
  EXPECT_FALSE(listener.empty());
  loop.run_for(Milliseconds(2));
  expect_closed();
}

TEST_F(SelfServedTest, a_slow_client_gets_all_of_it) {
  ours.limit_writes(3);
  answer("0123456789");
  EXPECT_EQ(listeners.count(ListenerStat::kCxDestroy), 0);
  std::string all;
  for (int i = 0; i < 10 && !client.peer_finished(); ++i) all += received();
  all += received();
  EXPECT_EQ(all, "0123456789");
  EXPECT_TRUE(client.peer_finished());
}

TEST_F(SelfServedTest, an_empty_answer_is_an_end) {
  answer("");
  EXPECT_EQ(received(), "");
  EXPECT_TRUE(client.peer_finished());
}

TEST_F(SelfServedTest, a_client_that_is_gone_ends_it) {
  ours.limit_writes(1);
  answer("0123456789");
  client.close(/*reset=*/true);
  expect_closed();
}

TEST_F(SelfServedTest, an_echo_says_what_it_hears_until_the_client_ends) {
  echo();
  client.send("hello ");
  client.send("there");
  EXPECT_EQ(received(), "hello there");
  EXPECT_FALSE(client.peer_finished());
  client.send("!");
  client.shutdown_write();
  EXPECT_EQ(received(), "!");
  expect_closed();
}

TEST_F(SelfServedTest, a_long_echo_leaves_turns_to_others_and_comes_back_whole) {
  echo();
  ours.limit_reads(10);
  const std::string text(1000, 'e');
  client.send(text);
  EXPECT_EQ(received(), text);
  EXPECT_FALSE(listener.empty());
}

TEST_F(SelfServedTest, an_echo_breaks_with_its_connection) {
  echo();
  ours.fail_with(ECONNRESET);
  expect_closed();
}

TEST_F(SelfServedTest, the_listener_closes_it) {
  echo();
  listener.close_all();
  expect_closed();
  EXPECT_TRUE(client.peer_finished());
}

}  // namespace
}  // namespace proa::proxy
