#include "net/socket_transport.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>

#include "net/listen_socket.h"
#include "net/test_loop.h"

namespace proa::net {
namespace {

struct Peer : TransportObserver {
  void take(std::unique_ptr<SocketTransport> t) {
    transport = std::move(t);
    transport->observe(this);
  }
  void on_connected() override { ++connected; }
  void on_connect_failed(std::string reason) override { failure = std::move(reason); }
  void on_readable() override {
    ++readable;
    if (!paused) read_all();
  }
  void on_writable() override { ++writable; }
  void on_hangup() override { ++hangups; }
  void read_all() {
    char buffer[4096];
    for (;;) {
      IoResult result = transport->read(buffer, sizeof buffer);
      last = result.state;
      if (!result.ok()) return;
      bytes.append(buffer, result.bytes);
      if (result.drained) return;
    }
  }
  IoResult write(std::string_view text) {
    iovec piece{const_cast<char*>(text.data()), text.size()};
    return transport->writev(std::span(&piece, 1));
  }
  std::unique_ptr<SocketTransport> transport;
  std::string bytes, failure;
  IoResult::State last = IoResult::State::kOk;
  int connected = 0, readable = 0, writable = 0, hangups = 0;
  bool paused = false;
};

struct Server : AcceptHandler {
  explicit Server(Loop& loop) : loop(loop) {}
  void on_accept(Fd fd, const Address& remote) override {
    peer.take(*SocketTransport::adopt(loop, std::move(fd), remote));
  }
  Loop& loop;
  Peer peer;
};

struct Sockets : testing::Test {
  void connect_pair(const Address& to = Address::loopback(Address::Family::kIpv4, 0)) {
    acceptor = *Acceptor::make(loop, *listen_on(to, {}), server);
    client.take(*SocketTransport::connect(loop, acceptor->local(), {.timeout = Milliseconds(1000)}));
    ASSERT_TRUE(loop.run_until([&] { return client.connected && server.peer.transport; }));
  }
  TestLoop loop;
  Server server{loop};
  std::unique_ptr<Acceptor> acceptor;
  Peer client;
};

TEST_F(Sockets, connect_and_exchange_bytes) {
  connect_pair();
  EXPECT_EQ(client.transport->info().remote, acceptor->local());
  EXPECT_EQ(server.peer.transport->info().remote, client.transport->info().local);
  EXPECT_EQ(server.peer.transport->info().local, acceptor->local());
  EXPECT_NE(server.peer.transport->info().id, client.transport->info().id);
  EXPECT_EQ(client.write("ping").bytes, 4U);
  ASSERT_TRUE(loop.run_until([&] { return server.peer.bytes == "ping"; }));
  server.peer.write("pong");
  ASSERT_TRUE(loop.run_until([&] { return client.bytes == "pong"; }));
  EXPECT_EQ(client.writable, 0);
}

TEST_F(Sockets, an_end_that_comes_with_the_last_bytes_is_not_missed) {
  connect_pair();
  server.peer.paused = true;
  client.write("last words");
  client.transport->shutdown_write();
  ASSERT_TRUE(loop.run_until([&] { return server.peer.readable >= 1; }));
  loop.settle();
  server.peer.read_all();
  EXPECT_EQ(server.peer.bytes, "last words");
  EXPECT_EQ(server.peer.last, IoResult::State::kEof);
}

TEST_F(Sockets, what_waits_for_the_end_goes_out_with_it) {
  connect_pair();
  client.transport->end_follows();
  client.write("last ");
  client.write("words");
  client.transport->shutdown_write();
  ASSERT_TRUE(loop.run_until([&] { return server.peer.last == IoResult::State::kEof; }));
  EXPECT_EQ(server.peer.bytes, "last words");
}

TEST_F(Sockets, what_waits_for_the_end_goes_out_with_a_close) {
  connect_pair();
  client.transport->end_follows();
  client.write("closed");
  client.transport->close();
  ASSERT_TRUE(loop.run_until([&] { return server.peer.last == IoResult::State::kEof; }));
  EXPECT_EQ(server.peer.bytes, "closed");
}

TEST_F(Sockets, a_full_socket_blocks_and_tells_of_room) {
  connect_pair();
  server.peer.paused = true;
  std::string block(1 << 20, 'x');
  size_t sent = 0;
  for (;;) {
    IoResult result = client.write(block);
    if (!result.ok()) {
      EXPECT_EQ(result.state, IoResult::State::kBlocked);
      break;
    }
    sent += result.bytes;
  }
  loop.settle();
  EXPECT_EQ(client.writable, 0);
  server.peer.paused = false;
  ASSERT_TRUE(loop.run_until([&] {
    server.peer.read_all();
    return client.writable == 1 && server.peer.bytes.size() == sent;
  }));
}

TEST_F(Sockets, a_reset_reaches_even_a_paused_reader) {
  connect_pair();
  server.peer.paused = true;
  client.transport->close(true);
  ASSERT_TRUE(loop.run_until([&] { return server.peer.hangups == 1; }));
  server.peer.read_all();
  EXPECT_EQ(server.peer.last, IoResult::State::kError);
  EXPECT_EQ(client.hangups, 0);
}

TEST_F(Sockets, more_pieces_than_the_kernel_takes_at_once_are_written) {
  connect_pair();
  std::string letter = "a";
  std::vector<iovec> pieces(3000, iovec{letter.data(), 1});
  EXPECT_EQ(client.transport->writev(pieces).bytes, 3000U);
  ASSERT_TRUE(loop.run_until([&] { return server.peer.bytes.size() == 3000; }));
}

TEST_F(Sockets, peek_leaves_the_bytes) {
  connect_pair();
  server.peer.paused = true;
  client.write("hello");
  ASSERT_TRUE(loop.run_until([&] { return server.peer.readable >= 1; }));
  char buffer[16];
  EXPECT_EQ(server.peer.transport->peek(buffer, sizeof buffer).bytes, 5U);
  server.peer.read_all();
  EXPECT_EQ(server.peer.bytes, "hello");
}

TEST_F(Sockets, unix_and_abstract_paths_work_too) {
  connect_pair(*Address::unix_path("@proa-socket-test-" + std::to_string(::getpid())));
  client.write("hi");
  ASSERT_TRUE(loop.run_until([&] { return server.peer.bytes == "hi"; }));
}

TEST_F(Sockets, refused_connect_says_so) {
  Address nobody;
  {
    auto fd = bind_socket(Address::loopback(Address::Family::kIpv4, 0), {});
    nobody = local_address(fd->get());
  }
  client.take(*SocketTransport::connect(loop, nobody, {}));
  ASSERT_TRUE(loop.run_until([&] { return !client.failure.empty(); }));
  EXPECT_EQ(client.failure, "delayed connect error: Connection refused");
  EXPECT_FALSE(client.transport->open());
}

TEST_F(Sockets, connect_times_out) {
  // A listener whose backlog is full answers no further handshake.
  auto listener = bind_socket(Address::loopback(Address::Family::kIpv4, 0), {});
  ASSERT_EQ(::listen(listener->get(), 0), 0);
  Address to = local_address(listener->get());
  std::vector<std::unique_ptr<SocketTransport>> fill;
  for (int i = 0; i < 4; ++i) fill.push_back(*SocketTransport::connect(loop, to, {}));
  client.take(*SocketTransport::connect(loop, to, {.timeout = Milliseconds(250)}));
  loop.settle();
  EXPECT_EQ(client.failure, "");
  loop.run_for(Milliseconds(300));
  EXPECT_EQ(client.failure, "connection timeout");
}

TEST_F(Sockets, source_address_is_bound) {
  acceptor = *Acceptor::make(loop, *listen_on(Address::loopback(Address::Family::kIpv4, 0), {}), server);
  ConnectOptions options{.source = *Address::parse("127.0.0.5:0")};
  client.take(*SocketTransport::connect(loop, acceptor->local(), options));
  ASSERT_TRUE(loop.run_until([&] { return server.peer.transport != nullptr; }));
  EXPECT_EQ(server.peer.transport->info().remote.ip(), "127.0.0.5");
}

TEST_F(Sockets, a_released_socket_lives_on) {
  connect_pair();
  Fd fd = server.peer.transport->release();
  EXPECT_FALSE(server.peer.transport->open());
  server.peer.take(*SocketTransport::adopt(loop, std::move(fd), client.transport->info().local));
  client.write("moved");
  ASSERT_TRUE(loop.run_until([&] { return server.peer.bytes == "moved"; }));
}

}  // namespace
}  // namespace proa::net
