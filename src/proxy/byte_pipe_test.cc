#include "proxy/byte_pipe.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "net/memory_transport.h"
#include "net/test_loop.h"

namespace proa::proxy {
namespace {

using State = BytePipe::State;

/// client -> source | pipe | sink -> server
struct BytePipeTest : testing::Test {
  net::TestLoop loop;
  net::MemoryTransport::Pair down = net::MemoryTransport::make_pair(loop);
  net::MemoryTransport::Pair up = net::MemoryTransport::make_pair(loop);
  net::MemoryTransport& client = *down.first;
  net::MemoryTransport& server = *up.second;
  BytePipe pipe{*down.second, 10};
};

TEST_F(BytePipeTest, moves_bytes_and_the_end) {
  pipe.set_sink(*up.first);
  EXPECT_FALSE(pipe.pump()) << "nothing has come";
  client.send("hello");
  EXPECT_TRUE(pipe.pump());
  EXPECT_EQ(server.receive(), "hello");
  EXPECT_FALSE(server.peer_finished());
  client.shutdown_write();
  EXPECT_TRUE(pipe.pump());
  EXPECT_EQ(pipe.state(), State::kEnded);
  EXPECT_TRUE(server.peer_finished());
  EXPECT_EQ(pipe.bytes(), 5U);
  EXPECT_EQ(pipe.written(), 5U);
  EXPECT_FALSE(pipe.pump()) << "it is over";
}

TEST_F(BytePipeTest, bytes_wait_for_the_sink_up_to_the_limit) {
  client.send("1234567");
  EXPECT_TRUE(pipe.pump());
  EXPECT_FALSE(pipe.paused());
  client.send("89012345");
  EXPECT_TRUE(pipe.pump());
  EXPECT_TRUE(pipe.paused());
  client.send("more");
  client.shutdown_write();
  EXPECT_FALSE(pipe.pump()) << "above the limit nothing is read";
  EXPECT_EQ(pipe.buffered(), 15U);
  pipe.set_sink(*up.first);
  EXPECT_TRUE(pipe.pump());
  EXPECT_EQ(server.receive(), "123456789012345more");
  EXPECT_EQ(pipe.state(), State::kEnded);
}

TEST_F(BytePipeTest, a_slow_sink_pauses_the_source_and_keeps_the_order) {
  pipe.set_sink(*up.first);
  up.first->limit_writes(4);
  client.send("abcdefgh");
  EXPECT_TRUE(pipe.pump());
  EXPECT_EQ(pipe.written(), 4U);
  EXPECT_EQ(pipe.buffered(), 4U);
  client.send("ijklmnopq");
  client.shutdown_write();
  EXPECT_TRUE(pipe.pump());
  EXPECT_EQ(server.receive(), "abcd");
  EXPECT_TRUE(pipe.paused());
  EXPECT_EQ(pipe.state(), State::kOpen) << "the end waits behind the bytes";
  std::string got;
  for (int i = 0; i < 10 && pipe.state() == State::kOpen; ++i) {
    pipe.pump();
    got += server.receive();
  }
  EXPECT_EQ(got, "efghijklmnopq");
  EXPECT_EQ(pipe.state(), State::kEnded);
  EXPECT_TRUE(server.peer_finished());
}

TEST_F(BytePipeTest, an_end_without_a_sink_is_told_later) {
  client.shutdown_write();
  EXPECT_TRUE(pipe.pump());
  EXPECT_EQ(pipe.state(), State::kOpen);
  pipe.set_sink(*up.first);
  pipe.pump();
  EXPECT_EQ(pipe.state(), State::kEnded);
  EXPECT_TRUE(server.peer_finished());
}

TEST_F(BytePipeTest, a_source_that_breaks) {
  pipe.set_sink(*up.first);
  down.second->fail_with(ECONNRESET);
  EXPECT_TRUE(pipe.pump());
  EXPECT_EQ(pipe.state(), State::kFailed);
  EXPECT_FALSE(pipe.sink_failed());
  EXPECT_FALSE(server.peer_finished()) << "an error is no end";
}

TEST_F(BytePipeTest, a_sink_that_breaks) {
  pipe.set_sink(*up.first);
  up.first->fail_with(EPIPE);
  client.send("x");
  EXPECT_TRUE(pipe.pump());
  EXPECT_EQ(pipe.state(), State::kFailed);
  EXPECT_TRUE(pipe.sink_failed());
}

TEST_F(BytePipeTest, a_sink_that_breaks_while_bytes_wait) {
  client.send("x");
  pipe.pump();
  up.first->fail_with(EPIPE);
  pipe.set_sink(*up.first);
  EXPECT_TRUE(pipe.pump());
  EXPECT_EQ(pipe.state(), State::kFailed);
  EXPECT_TRUE(pipe.sink_failed());
}

TEST_F(BytePipeTest, a_busy_source_leaves_turns_to_others) {
  BytePipe wide(*down.second, 1'000'000);
  wide.set_sink(*up.first);
  down.second->limit_reads(10);
  client.send(std::string(45, 'x'));
  EXPECT_TRUE(wide.pump());
  EXPECT_EQ(wide.bytes(), 40U);
  EXPECT_TRUE(wide.unfinished());
  EXPECT_TRUE(wide.pump());
  EXPECT_EQ(wide.bytes(), 45U);
  EXPECT_FALSE(wide.unfinished());
}

}  // namespace
}  // namespace proa::proxy
