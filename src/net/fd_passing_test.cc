#include "net/fd_passing.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

namespace proa::net {
namespace {

struct Passing : testing::Test {
  Passing() {
    int pair[2];
    ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
    left.reset(pair[0]);
    right.reset(pair[1]);
  }
  Fd left, right;
};

TEST_F(Passing, descriptors_arrive_with_their_bytes) {
  Fd event(::eventfd(7, EFD_NONBLOCK));
  std::vector<int> fds{event.get(), event.get()};
  ASSERT_TRUE(send_fds(left.get(), "listener", fds).has_value());
  auto message = receive_fds(right.get(), 100);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->bytes, "listener");
  ASSERT_EQ(message->fds.size(), 2U);
  uint64_t value = 0;
  EXPECT_EQ(::eventfd_read(message->fds[1].get(), &value), 0);
  EXPECT_EQ(value, 7U);
  EXPECT_TRUE(::fcntl(message->fds[0].get(), F_GETFD) & FD_CLOEXEC);
}

TEST_F(Passing, bytes_alone_and_the_end) {
  ASSERT_TRUE(send_fds(left.get(), "x", {}).has_value());
  EXPECT_EQ(receive_fds(right.get(), 10)->bytes, "x");
  left.reset();
  auto end = receive_fds(right.get(), 10);
  ASSERT_TRUE(end.has_value());
  EXPECT_TRUE(end->bytes.empty());
}

TEST_F(Passing, impossible_messages_are_refused) {
  EXPECT_FALSE(send_fds(left.get(), "", {}).has_value());
  std::vector<int> many(kMaxPassedFds + 1, 0);
  EXPECT_FALSE(send_fds(left.get(), "x", many).has_value());
  EXPECT_FALSE(send_fds(-1, "x", {}).has_value());
}

}  // namespace
}  // namespace proa::net
