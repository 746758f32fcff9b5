#include "net/memory_transport.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "net/test_loop.h"

namespace proa::net {
namespace {

struct Reader : TransportObserver {
  explicit Reader(Transport& transport) : transport(transport) { transport.observe(this); }
  void on_connected() override { log += "[connected]"; }
  void on_readable() override {
    char buffer[64];
    for (;;) {
      IoResult result = transport.read(buffer, sizeof buffer);
      if (result.ok()) {
        log.append(buffer, result.bytes);
        ++reads;
        if (result.drained) return;
        continue;
      }
      if (result.state == IoResult::State::kEof) log += "[eof]";
      if (result.state == IoResult::State::kError) log += "[error]";
      return;
    }
  }
  void on_writable() override { log += "[writable]"; }
  void on_hangup() override { log += "[hangup]"; }
  Transport& transport;
  std::string log;
  int reads = 0;
};

TEST(MemoryTransport, carries_bytes_and_the_end) {
  TestLoop loop;
  auto pair = MemoryTransport::make_pair(loop);
  Reader reader(*pair.second);
  EXPECT_TRUE(pair.first->send("hello"));
  EXPECT_EQ(reader.log, "");
  loop.settle();
  EXPECT_EQ(reader.log, "hello");
  pair.first->shutdown_write();
  loop.settle();
  EXPECT_EQ(reader.log, "hello[eof]");
  EXPECT_TRUE(pair.second->send("still open"));
  EXPECT_EQ(pair.first->receive(), "still open");
}

TEST(MemoryTransport, reads_byte_by_byte_when_asked) {
  TestLoop loop;
  auto pair = MemoryTransport::make_pair(loop);
  Reader reader(*pair.second);
  pair.second->limit_reads(1);
  pair.first->send("hello");
  loop.settle();
  EXPECT_EQ(reader.log, "hello");
  EXPECT_EQ(reader.reads, 5);
}

TEST(MemoryTransport, blocks_writes_and_tells_of_room) {
  TestLoop loop;
  auto pair = MemoryTransport::make_pair(loop);
  Reader writer(*pair.first);
  pair.first->limit_writes(3);
  EXPECT_FALSE(pair.first->send("hello"));
  EXPECT_FALSE(pair.first->send("lo"));
  loop.settle();
  EXPECT_EQ(writer.log, "");
  EXPECT_EQ(pair.second->receive(), "hel");
  loop.settle();
  EXPECT_EQ(writer.log, "[writable]");
}

TEST(MemoryTransport, a_reset_drops_what_is_on_its_way) {
  TestLoop loop;
  auto pair = MemoryTransport::make_pair(loop);
  Reader reader(*pair.second);
  pair.first->send("lost");
  pair.first->close(true);
  loop.settle();
  EXPECT_EQ(reader.log, "[error][hangup]");
  EXPECT_TRUE(pair.second->was_reset());
}

TEST(MemoryTransport, a_closed_peer_refuses_writes_and_its_bytes_can_still_be_read) {
  TestLoop loop;
  auto pair = MemoryTransport::make_pair(loop);
  Reader reader(*pair.second);
  pair.first->send("last");
  pair.first.reset();
  loop.settle();
  EXPECT_EQ(reader.log, "last[eof]");
  EXPECT_FALSE(pair.second->send("x"));
}

TEST(MemoryTransport, a_closed_end_hears_nothing) {
  TestLoop loop;
  auto pair = MemoryTransport::make_pair(loop);
  Reader reader(*pair.second);
  pair.first->send("x");
  pair.second->close();
  loop.settle();
  EXPECT_EQ(reader.log, "");
}

TEST(MemoryTransport, fails_when_told) {
  TestLoop loop;
  auto pair = MemoryTransport::make_pair(loop);
  Reader reader(*pair.first);
  pair.first->announce_connected();
  pair.first->fail_with(ETIMEDOUT);
  loop.settle();
  EXPECT_EQ(reader.log, "[connected][error][hangup]");
}

}  // namespace
}  // namespace proa::net
