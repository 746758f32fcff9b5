// Both sides of a hot restart in one process: the old one on a loop, the new one in a thread, as its calls wait.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <thread>

#include "cli/restart_predecessor.h"
#include "cli/restart_socket.h"
#include "cli/restart_successor.h"
#include "cli/successor_process.h"

namespace proa::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Restart : testing::Test {
  Restart() {
    auto socket = open_restart_socket(base_id);
    EXPECT_TRUE(socket.has_value()) << socket.error().message;
    auto made = RestartPredecessor::make(loop, std::move(*socket),
                                         {.epoch = 4,
                                          .first_started = loop.now() - Milliseconds(1234),
                                          .user = owner,
                                          .sockets = [this] { return to_pass(); },
                                          .succeeded = [this](const Succession& to) { successions.push_back(to); }});
    EXPECT_TRUE(made.has_value());
    predecessor = std::move(*made);
  }

  std::vector<PassedSocket> to_pass() const {
    std::vector<PassedSocket> out;
    out.push_back({.purpose = PassedSocket::Purpose::kAdmin, .address = "127.0.0.1:9901", .fd = descriptor()});
    for (int i = 0; i < listeners; ++i) out.push_back({.address = "[::]:80", .fd = descriptor()});
    out.push_back({.address = "/run/a b.sock", .fd = descriptor()});
    return out;
  }
  static net::Fd descriptor() { return net::Fd(::eventfd(0, EFD_CLOEXEC)); }

  /// Runs the new process's part while the loop runs the old one's.
  void as_successor(std::function<void()> part) {
    std::thread thread([&] {
      part();
      loop.stop();
    });
    loop.run();
    thread.join();
  }

  const uint32_t base_id = 3'000'000'000U + static_cast<uint32_t>(::getpid());
  net::Loop loop;
  uid_t owner = ::geteuid();
  int listeners = 2;
  std::vector<Succession> successions;
  std::unique_ptr<RestartPredecessor> predecessor;
};

TEST_F(Restart, everything_is_handed_over) {
  as_successor([&] {
    auto taken = RestartSuccessor::take_over(base_id, owner);
    ASSERT_TRUE(taken.has_value()) << taken.error().message;
    EXPECT_EQ(taken->epoch(), 4U);
    EXPECT_GE(taken->age().count(), 1234);
    EXPECT_TRUE(taken->restart_socket());
    EXPECT_FALSE(taken->admin_socket("127.0.0.1:9902"));
    EXPECT_TRUE(taken->admin_socket("127.0.0.1:9901"));
    auto sockets = taken->listeners();
    EXPECT_EQ(sockets.size(), 2U);
    EXPECT_EQ(sockets["[::]:80"].size(), 2U);
    EXPECT_EQ(sockets["/run/a b.sock"].size(), 1U);
    Status stepped = taken->step_in({.spread = Milliseconds(1000), .limit = Milliseconds(2000)});
    EXPECT_TRUE(stepped.has_value());
  });
  ASSERT_EQ(successions.size(), 1U);
  EXPECT_EQ(successions[0].drain.spread, Milliseconds(1000));
  EXPECT_EQ(successions[0].drain.limit, Milliseconds(2000));
  EXPECT_EQ(successions[0].successor, ::getpid());
  EXPECT_TRUE(predecessor->succeeded());
  EXPECT_FALSE(connect_restart_socket(base_id, owner).has_value()) << "the name is free again";
}

TEST_F(Restart, more_sockets_than_go_in_one_message) {
  listeners = 3 * static_cast<int>(kMaxSocketsAtOnce) - 2;
  as_successor([&] {
    auto taken = RestartSuccessor::take_over(base_id, owner);
    ASSERT_TRUE(taken.has_value()) << taken.error().message;
    EXPECT_EQ(taken->listeners()["[::]:80"].size(), static_cast<size_t>(listeners));
  });
}

TEST_F(Restart, a_successor_that_goes_away_changes_nothing) {
  as_successor([&] {
    EXPECT_TRUE(RestartSuccessor::take_over(base_id, owner).has_value());
    auto again = RestartSuccessor::take_over(base_id, owner);
    EXPECT_TRUE(again.has_value()) << again.error().message;
  });
  EXPECT_TRUE(successions.empty());
  EXPECT_FALSE(predecessor->succeeded());
}

TEST_F(Restart, a_second_successor_at_the_same_time_is_refused) {
  as_successor([&] {
    auto first = RestartSuccessor::take_over(base_id, owner);
    EXPECT_FALSE(RestartSuccessor::take_over(base_id, owner).has_value());
    ASSERT_TRUE(first.has_value());
    EXPECT_TRUE(first->step_in({}).has_value());
  });
  EXPECT_EQ(successions.size(), 1U);
}

TEST_F(Restart, the_name_belongs_to_one_process) {
  auto second = open_restart_socket(base_id);
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error().message, HasSubstr("cannot bind the socket of base id"));
}

TEST_F(Restart, a_stranger_who_listens_gets_nothing) {
  auto taken = RestartSuccessor::take_over(base_id, owner + 1);
  ASSERT_FALSE(taken.has_value());
  EXPECT_THAT(taken.error().message, HasSubstr("is no partner for a hot restart"));
}

TEST(RestartSocket, a_stranger_who_connects_gets_nothing) {
  const uint32_t base_id = 2'000'000'000U + static_cast<uint32_t>(::getpid());
  auto socket = open_restart_socket(base_id);
  ASSERT_TRUE(socket.has_value());
  auto client = connect_restart_socket(base_id, ::geteuid());
  ASSERT_TRUE(client.has_value());
  auto accepted = accept_restart(socket->get(), ::geteuid() + 1);
  ASSERT_FALSE(accepted.has_value());
  EXPECT_THAT(accepted.error().message, HasSubstr("is no partner for a hot restart"));
  char byte;
  EXPECT_EQ(::read(client->get(), &byte, 1), 0) << "the connection is closed";
}

TEST(RestartMessages, numbers) {
  EXPECT_THAT(numbers_of("drain 1 20", "drain", 2), ElementsAre(1, 20));
  for (const char* bad : {"drain", "drain 1", "drain 1 2 3", "drain 1 x", "drain 1 -2", "drain 1  2", "drain 1 2 ",
                          "drain1 2", "drained 1 2", "train 1 2", ""}) {
    EXPECT_TRUE(numbers_of(bad, "drain", 2).empty()) << bad;
  }
}

TEST(SuccessorCommand, one_epoch) {
  EXPECT_THAT(successor_command({"/bin/p", "-c", "x"}, 1), ElementsAre("/bin/p", "-c", "x", "--restart-epoch", "1"));
  EXPECT_THAT(successor_command({"p", "--restart-epoch", "1", "-c", "x"}, 2),
              ElementsAre("p", "-c", "x", "--restart-epoch", "2"));
  EXPECT_THAT(successor_command({"p", "--restart-epoch=auto", "-c", "x"}, 12),
              ElementsAre("p", "-c", "x", "--restart-epoch", "12"));
}

TEST(SuccessorProcess, a_program_that_is_not_there) {
  auto started = start_process({"/no/such/proa-proxy"});
  ASSERT_FALSE(started.has_value());
  EXPECT_THAT(started.error().message, HasSubstr("cannot start /no/such/proa-proxy"));
}

}  // namespace
}  // namespace proa::cli
