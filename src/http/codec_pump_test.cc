#include "http/codec_pump.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "net/fake_poller.h"
#include "net/memory_transport.h"

namespace proa::http {
namespace {

using net::MemoryTransport;

// A codec whose input is lines: "echo X" answers X, "stop" pauses reading, "bye" finishes.
class LineCodec : public ServerCodec {
 public:
  explicit LineCodec(CodecOwner& owner) : owner_(owner) {}
  void receive(std::string_view bytes, MonoTime) override {
    received += bytes;
    if (bytes.find("stop") != bytes.npos) reading = false;
    if (bytes.find("bye") != bytes.npos) done = true;
    if (bytes.find("echo ") != bytes.npos) say(bytes.substr(bytes.find("echo ") + 5));
    owner_.wake();
  }
  void say(std::string_view text) {
    out.append(text);
    owner_.wake();
  }
  void resume(MonoTime) override {
    ++resumed;
    stored = false;
  }
  bool has_stored_input() const override { return stored; }
  void receive_end(bool failed, MonoTime) override {
    ended = true;
    end_failed = failed;
    done = done || finish_on_end;
  }
  bool wants_input() const override { return reading && !done; }
  Buffer& output() override { return out; }
  void output_drained(MonoTime) override { ++drained; }
  bool finished() const override { return done; }
  bool output_ended() const override { return half_closed; }
  std::string_view error() const override { return {}; }
  size_t active_streams() const override { return 0; }
  void shut_down(MonoTime) override { done = true; }
  MonoTime next_deadline() const override { return deadline; }
  void on_time(MonoTime now) override {
    timed_out = now;
    deadline = MonoTime::max();
    done = true;
  }
  Version version() const override { return Version::kHttp11; }

  std::string received;
  Buffer out;
  bool reading = true, done = false, stored = false, ended = false, end_failed = false, finish_on_end = true,
       half_closed = false;
  int resumed = 0, drained = 0;
  MonoTime deadline = MonoTime::max(), timed_out{};

 private:
  CodecOwner& owner_;
};

class Pumped : public CodecPump {
 public:
  Pumped(std::unique_ptr<net::Transport> transport, Role role, Milliseconds linger)
      : CodecPump(std::move(transport), role, linger) {
    auto made = std::make_unique<LineCodec>(*this);
    line = made.get();
    start(std::move(made), true);
  }
  void count(CodecCounter) override {}
  void on_closed() override { was_closed = true; }
  LineCodec* line;
  bool was_closed = false;
};

class CodecPumpTest : public testing::Test {
 protected:
  void make(CodecPump::Role role, Milliseconds linger = Milliseconds(0)) {
    auto pair = MemoryTransport::make_pair(loop);
    near = pair.first.get();
    far = std::move(pair.second);
    pump = std::make_unique<Pumped>(std::move(pair.first), role, linger);
    turn();
  }
  void turn(int n = 3) {
    for (int i = 0; i < n; ++i) loop.run_once(Milliseconds(0));
  }
  net::FakePoller* poller = new net::FakePoller;
  net::Loop loop{std::unique_ptr<net::Poller>(poller)};
  MemoryTransport* near = nullptr;
  std::unique_ptr<MemoryTransport> far;
  std::unique_ptr<Pumped> pump;
};

TEST_F(CodecPumpTest, input_reaches_the_codec_and_output_the_peer) {
  make(CodecPump::Role::kServer);
  far->send("echo hello");
  turn();
  EXPECT_EQ(far->receive(), "hello");
  EXPECT_EQ(pump->line->drained, 1);
}

TEST_F(CodecPumpTest, a_half_closed_connection_that_breaks_is_told_again) {
  make(CodecPump::Role::kServer);
  pump->line->finish_on_end = false;  // a tunnel: our side is still open
  far->shutdown_write();
  turn();
  EXPECT_TRUE(pump->line->ended);
  EXPECT_FALSE(pump->line->end_failed);
  near->fail_with(ECONNRESET);
  turn();
  EXPECT_TRUE(pump->line->end_failed);
  EXPECT_TRUE(pump->was_closed);
}

TEST_F(CodecPumpTest, reads_again_by_itself_when_the_codec_wants_input_again) {
  make(CodecPump::Role::kServer);
  far->send("stop");
  turn();
  far->send("echo later");
  turn();
  EXPECT_EQ(pump->line->received, "stop");
  pump->line->reading = true;
  pump->wake();
  turn();
  EXPECT_EQ(far->receive(), "later");
}

TEST_F(CodecPumpTest, one_byte_reads_give_the_same_bytes) {
  make(CodecPump::Role::kServer);
  near->limit_reads(1);
  far->send("0123456789");
  turn(10);
  EXPECT_EQ(pump->line->received, "0123456789");
}

TEST_F(CodecPumpTest, a_blocked_write_goes_on_when_there_is_room) {
  make(CodecPump::Role::kServer);
  near->limit_writes(4);
  pump->line->say("0123456789");
  turn();
  std::string got = far->receive();
  EXPECT_EQ(got, "0123");
  while (got.size() < 10) {
    size_t before = got.size();
    turn();
    got += far->receive();
    ASSERT_GT(got.size(), before);
  }
  EXPECT_EQ(got, "0123456789");
}

TEST_F(CodecPumpTest, a_server_answers_after_the_client_has_half_closed) {
  make(CodecPump::Role::kServer);
  pump->line->finish_on_end = false;
  far->send("request");
  far->shutdown_write();
  turn();
  EXPECT_TRUE(pump->line->ended);
  EXPECT_FALSE(pump->line->end_failed);
  pump->line->say("answer");
  pump->line->done = true;
  turn();
  EXPECT_EQ(far->receive(), "answer");
  EXPECT_TRUE(pump->was_closed);
}

TEST_F(CodecPumpTest, a_server_lingers_so_that_its_last_answer_is_read) {
  make(CodecPump::Role::kServer, Milliseconds(1000));
  far->send("echo refused bye");
  turn();
  EXPECT_EQ(far->receive(), "refused bye");
  EXPECT_TRUE(far->peer_finished());
  EXPECT_FALSE(pump->was_closed);
  far->send("the rest of the body");
  turn();
  EXPECT_FALSE(pump->was_closed);
  far->close();
  turn();
  EXPECT_TRUE(pump->was_closed);
}

TEST_F(CodecPumpTest, lingering_ends_after_its_time) {
  make(CodecPump::Role::kServer, Milliseconds(1000));
  far->send("bye");
  turn();
  EXPECT_FALSE(pump->was_closed);
  poller->advance(Milliseconds(1002));
  turn();
  EXPECT_TRUE(pump->was_closed);
}

TEST_F(CodecPumpTest, a_client_whose_write_fails_still_reads_an_early_answer) {
  make(CodecPump::Role::kClient);
  pump->line->reading = false;
  far->send("the answer");
  far->close();
  turn();
  pump->line->say("the rest of the request");
  turn();
  EXPECT_FALSE(pump->was_closed);
  pump->line->reading = true;
  pump->wake();
  turn();
  EXPECT_EQ(pump->line->received, "the answer");
  EXPECT_TRUE(pump->line->ended);
  EXPECT_TRUE(pump->was_closed);
}

TEST_F(CodecPumpTest, a_server_stops_when_its_client_is_gone_even_while_it_reads_nothing) {
  make(CodecPump::Role::kServer);
  pump->line->reading = false;
  pump->line->finish_on_end = false;
  far->close(true);
  turn();
  EXPECT_TRUE(pump->line->end_failed);
  EXPECT_TRUE(pump->was_closed);
}

TEST_F(CodecPumpTest, the_end_of_a_tunnel_direction_is_passed_on_and_the_other_goes_on) {
  make(CodecPump::Role::kServer);
  pump->line->finish_on_end = false;
  pump->line->say("last words");
  pump->line->half_closed = true;
  turn();
  EXPECT_EQ(far->receive(), "last words");
  EXPECT_TRUE(far->peer_finished());
  pump->line->reading = false;
  far->send("more");
  far->close();
  turn();
  EXPECT_FALSE(pump->was_closed);
  pump->line->reading = true;
  pump->wake();
  turn();
  EXPECT_EQ(pump->line->received, "more");
}

TEST_F(CodecPumpTest, deadlines_of_the_codec_are_kept) {
  make(CodecPump::Role::kServer);
  pump->line->deadline = loop.now() + Milliseconds(50);
  pump->wake();
  turn();
  poller->advance(Milliseconds(60));
  turn();
  EXPECT_NE(pump->line->timed_out, MonoTime{});
  EXPECT_TRUE(pump->was_closed);
}

TEST_F(CodecPumpTest, abort_ends_the_codec_then_the_transport) {
  make(CodecPump::Role::kClient);
  pump->abort(true);
  EXPECT_FALSE(pump->was_closed);
  turn();
  EXPECT_TRUE(pump->line->end_failed);
  EXPECT_TRUE(pump->was_closed);
  EXPECT_TRUE(far->was_reset());
}

TEST_F(CodecPumpTest, stored_input_is_resumed_at_the_end_of_the_turn) {
  make(CodecPump::Role::kServer);
  pump->line->stored = true;
  pump->wake();
  turn();
  EXPECT_EQ(pump->line->resumed, 1);
}

}  // namespace
}  // namespace proa::http
