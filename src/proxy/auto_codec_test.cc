#include "proxy/auto_codec.h"

#include <gtest/gtest.h>

namespace proa::proxy {
namespace {

using http::Version;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

struct FakeOwner final : http::CodecOwner {
  void wake() override { ++wakes; }
  void count(http::CodecCounter counter) override { counted.push_back(counter); }
  int wakes = 0;
  std::vector<http::CodecCounter> counted;
};

/// What reached the real codec.
struct Seen {
  std::string bytes;
  bool ended = false;
  bool shut_down = false;
  int receives = 0;
};

struct FakeCodec final : http::ServerCodec {
  FakeCodec(Version v, Seen& to) : of(v), seen(to) {}
  void receive(std::string_view bytes, MonoTime) override {
    seen.bytes += bytes;
    ++seen.receives;
  }
  void resume(MonoTime) override {}
  bool has_stored_input() const override { return true; }
  void receive_end(bool, MonoTime) override { seen.ended = true; }
  bool wants_input() const override { return false; }
  Buffer& output() override { return out; }
  void output_drained(MonoTime) override {}
  bool finished() const override { return false; }
  std::string_view error() const override { return "fake"; }
  size_t active_streams() const override { return 3; }
  void shut_down(MonoTime) override { seen.shut_down = true; }
  MonoTime next_deadline() const override { return MonoTime(std::chrono::hours(9)); }
  void on_time(MonoTime) override {}
  Version version() const override { return of; }
  Version of;
  Seen& seen;
  Buffer out;
};

struct AutoCodecTest : testing::Test {
  FakeOwner owner;
  Seen seen;
  int made = 0;
  MonoTime now{std::chrono::hours(1)};
  AutoCodec codec{owner, Milliseconds(500), [this](Version version) {
                    ++made;
                    return std::make_unique<FakeCodec>(version, seen);
                  }};
};

TEST_F(AutoCodecTest, the_preface_means_http2) {
  codec.receive(std::string(kPreface) + "frames", now);
  EXPECT_EQ(codec.version(), Version::kHttp2);
  EXPECT_EQ(seen.bytes, std::string(kPreface) + "frames");
}

TEST_F(AutoCodecTest, the_preface_in_any_pieces) {
  for (char c : kPreface) {
    EXPECT_EQ(made, 0);
    EXPECT_EQ(codec.version(), Version::kHttp10) << "not known yet";
    EXPECT_TRUE(codec.wants_input());
    codec.receive({&c, 1}, now);
  }
  EXPECT_EQ(codec.version(), Version::kHttp2);
  EXPECT_EQ(seen.bytes, kPreface);
  EXPECT_EQ(seen.receives, 1);
  codec.receive("more", now);
  EXPECT_EQ(seen.bytes, std::string(kPreface) + "more");
}

TEST_F(AutoCodecTest, anything_else_is_http1) {
  codec.receive("GET", now);
  EXPECT_EQ(codec.version(), Version::kHttp11);
  EXPECT_EQ(seen.bytes, "GET");
}

TEST_F(AutoCodecTest, a_method_that_begins_like_the_preface_is_http1) {
  codec.receive("P", now);
  EXPECT_EQ(made, 0);
  codec.receive("R", now);
  codec.receive("OPFIND / HTTP/1.1\r\n", now);
  EXPECT_EQ(codec.version(), Version::kHttp11);
  EXPECT_EQ(seen.bytes, "PROPFIND / HTTP/1.1\r\n");
}

TEST_F(AutoCodecTest, a_client_that_says_nothing_has_no_deadline) {
  codec.receive("", now);
  EXPECT_EQ(codec.next_deadline(), MonoTime::max());
}

TEST_F(AutoCodecTest, a_preface_that_stops_times_out) {
  codec.receive("PRI", now);
  EXPECT_EQ(codec.next_deadline(), now + Milliseconds(500));
  codec.receive(" * ", now + Milliseconds(400));
  EXPECT_EQ(codec.next_deadline(), now + Milliseconds(500)) << "bytes do not move it";
  codec.on_time(now + Milliseconds(499));
  EXPECT_FALSE(codec.finished());
  codec.on_time(now + Milliseconds(500));
  EXPECT_TRUE(codec.finished());
  EXPECT_EQ(codec.error(), "http.preface_timeout");
  EXPECT_EQ(owner.counted, std::vector{http::CodecCounter::kHeaderTimeout});
  EXPECT_EQ(owner.wakes, 1);
  EXPECT_FALSE(codec.wants_input());
}

TEST_F(AutoCodecTest, an_end_before_it_is_known) {
  codec.receive("PRI", now);
  codec.receive_end(false, now);
  EXPECT_TRUE(codec.finished());
  EXPECT_EQ(codec.error(), "");
  EXPECT_EQ(owner.wakes, 1);
  EXPECT_EQ(made, 0);
}

TEST_F(AutoCodecTest, a_shut_down_before_it_is_known) {
  codec.shut_down(now);
  EXPECT_TRUE(codec.finished());
  EXPECT_TRUE(codec.output().empty());
}

TEST_F(AutoCodecTest, then_it_is_the_real_codec) {
  codec.receive("GET", now);
  EXPECT_TRUE(codec.has_stored_input());
  EXPECT_FALSE(codec.wants_input());
  EXPECT_EQ(codec.error(), "fake");
  EXPECT_EQ(codec.active_streams(), 3U);
  EXPECT_EQ(codec.next_deadline(), MonoTime(std::chrono::hours(9)));
  codec.shut_down(now);
  codec.receive_end(true, now);
  EXPECT_TRUE(seen.shut_down && seen.ended);
  EXPECT_FALSE(codec.finished());
}

}  // namespace
}  // namespace proa::proxy
