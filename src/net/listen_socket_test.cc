#include "net/listen_socket.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "net/socket_transport.h"
#include "net/test_loop.h"

namespace proa::net {
namespace {

struct Counting : AcceptHandler {
  bool admit() override { return limit == 0 || accepted.size() < limit; }
  void on_accept(Fd fd, const Address& remote) override {
    accepted.push_back(std::move(fd));
    last = remote;
    if (then) then();
  }
  void on_exhausted() override { ++exhausted; }
  std::vector<Fd> accepted;
  Address last;
  size_t limit = 0;
  int exhausted = 0;
  std::function<void()> then;
};

// Connected when it returns: the kernel completes the handshake without the acceptor.
Fd blocking_client(const Address& to) {
  Fd fd(::socket(to.family() == Address::Family::kIpv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage storage;
  socklen_t size = to.to_sockaddr(storage);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&storage), size) != 0) return Fd();
  return fd;
}

const Address kLoopback = Address::loopback(Address::Family::kIpv4, 0);

TEST(Acceptor, takes_at_most_its_share_per_turn) {
  TestLoop loop;
  Counting handler;
  auto acceptor = *Acceptor::make(loop, *listen_on(kLoopback, {}), handler, 3);
  std::vector<Fd> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(blocking_client(acceptor->local()));
  loop->run_once(Milliseconds(0));
  EXPECT_EQ(handler.accepted.size(), 3U);
  ASSERT_TRUE(loop.run_until([&] { return handler.accepted.size() == 8; }));
}

TEST(Acceptor, pause_leaves_connections_in_the_backlog) {
  TestLoop loop;
  Counting handler;
  auto acceptor = *Acceptor::make(loop, *listen_on(kLoopback, {}), handler);
  acceptor->pause();
  Fd client = blocking_client(acceptor->local());
  loop.settle();
  EXPECT_TRUE(handler.accepted.empty());
  acceptor->resume();
  ASSERT_TRUE(loop.run_until([&] { return handler.accepted.size() == 1; }));
}

TEST(Acceptor, a_connection_that_is_not_admitted_is_closed) {
  TestLoop loop;
  Counting handler;
  handler.limit = 1;
  auto acceptor = *Acceptor::make(loop, *listen_on(kLoopback, {}), handler);
  Fd first = blocking_client(acceptor->local());
  Fd second = blocking_client(acceptor->local());
  loop.settle();
  EXPECT_EQ(handler.accepted.size(), 1U);
  char byte;
  EXPECT_EQ(::recv(second.get(), &byte, 1, 0), 0);
}

TEST(Acceptor, may_be_destroyed_by_its_handler) {
  TestLoop loop;
  Counting handler;
  auto acceptor = *Acceptor::make(loop, *listen_on(kLoopback, {}), handler);
  Fd first = blocking_client(acceptor->local()), second = blocking_client(acceptor->local());
  handler.then = [&] { acceptor.reset(); };
  loop.settle();
  EXPECT_EQ(handler.accepted.size(), 1U);
}

TEST(Acceptor, backs_off_without_spinning_when_descriptors_run_out) {
  TestLoop loop;
  Counting handler;
  auto acceptor = *Acceptor::make(loop, *listen_on(kLoopback, {}), handler);
  Fd client = blocking_client(acceptor->local());
  Fd waiting = blocking_client(acceptor->local());
  Fd probe(::dup(0));
  rlimit before;
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit tight{static_cast<rlim_t>(probe.get()), before.rlim_max};
  probe.reset();
  ::setrlimit(RLIMIT_NOFILE, &tight);
  loop.settle();
  EXPECT_EQ(handler.exhausted, 1);
  EXPECT_TRUE(handler.accepted.empty());
  char byte;
  EXPECT_EQ(::recv(client.get(), &byte, 1, 0), 0);  // dropped, not left hanging
  ::setrlimit(RLIMIT_NOFILE, &before);
  loop.run_for(Milliseconds(110));
  loop.settle();
  EXPECT_EQ(handler.accepted.size(), 1U);
}

TEST(ListenSocket, reuse_port_shares_an_address_and_its_absence_does_not) {
  auto first = listen_on(kLoopback, {});
  Address bound = local_address(first->get());
  EXPECT_TRUE(listen_on(bound, {}).has_value());
  ListenOptions alone{.reuse_port = false};
  auto refused = listen_on(bound, alone);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find(bound.to_string()), std::string::npos);
}

TEST(ListenSocket, dual_stack_accepts_ipv4_as_ipv4) {
  auto listener = listen_on(Address::any(Address::Family::kIpv6, 0), {.v6_only = false});
  if (!listener) GTEST_SKIP() << "no IPv6 here";
  TestLoop loop;
  Counting handler;
  auto acceptor = *Acceptor::make(loop, std::move(*listener), handler);
  Fd client = blocking_client(Address::loopback(Address::Family::kIpv4, acceptor->local().port()));
  ASSERT_TRUE(loop.run_until([&] { return handler.accepted.size() == 1; }));
  EXPECT_EQ(handler.last.ip(), "127.0.0.1");
}

TEST(ListenSocket, a_stale_unix_path_is_replaced_and_a_live_one_is_not) {
  char folder[] = "/tmp/proa-listen-XXXXXX";
  ASSERT_TRUE(::mkdtemp(folder));
  std::string path = std::string(folder) + "/s";
  auto address = *Address::unix_path(path);
  auto first = listen_on(address, {.unix_mode = 0600});
  ASSERT_TRUE(first.has_value());
  struct stat info;
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_FALSE(listen_on(address, {}).has_value());
  first->reset();
  EXPECT_TRUE(listen_on(address, {}).has_value());
  std::filesystem::remove_all(folder);
}

TEST(ListenSocket, adopts_only_a_listener_of_the_same_address) {
  auto original = listen_on(kLoopback, {});
  Address bound = local_address(original->get());
  EXPECT_TRUE(adopt_listener(Fd(::dup(original->get())), bound).has_value());
  EXPECT_FALSE(adopt_listener(Fd(::dup(original->get())), *Address::parse("127.0.0.1:1")).has_value());
  EXPECT_FALSE(adopt_listener(std::move(*bind_socket(kLoopback, {})), kLoopback).has_value());
}

TEST(ListenSocket, an_accepted_socket_has_no_delay) {
  TestLoop loop;
  Counting handler;
  auto acceptor = *Acceptor::make(loop, *listen_on(kLoopback, {}), handler);
  Fd client = blocking_client(acceptor->local());
  ASSERT_TRUE(loop.run_until([&] { return handler.accepted.size() == 1; }));
  int on = 0;
  socklen_t size = sizeof on;
  ::getsockopt(handler.accepted[0].get(), 6 /* IPPROTO_TCP */, 1 /* TCP_NODELAY */, &on, &size);
  EXPECT_EQ(on, 1);
}

}  // namespace
}  // namespace proa::net
