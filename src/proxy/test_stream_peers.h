// A client and a server of HTTP/2 that send and read as slowly as their random numbers say. Only in tests.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/codec_pump.h"
#include "http/h2/client_connection.h"
#include "http/h2/server_connection.h"
#include "upstream/lb/random.h"

namespace proa::proxy {

/// What is to happen on one stream.
struct StreamPlan {
  enum class Cut : uint8_t {
    kNo,
    kByClient,  ///< reset when about half of that side's body has been sent
    kByServer,
    kEarlyEnd,  ///< the response ends without regard to the request, which is not wanted any more then
  };
  size_t up = 0, down = 0;  ///< bytes of both bodies
  bool up_trailers = false, down_trailers = false;
  bool echo = false;  ///< the response goes no further than the request has come
  Cut cut = Cut::kNo;
  bool head_early = true;  ///< the response's head does not wait for the request's body

  /// The byte at `position` of a body.
  static char at(size_t position) { return static_cast<char>('a' + (position * 7 + position / 251) % 26); }
};

/// One side of one stream: sends one body, reads the other.
class StreamHalf {
 public:
  void begin(http::Stream& stream, const StreamPlan& plan, bool client) {
    stream_ = &stream;
    plan_ = &plan;
    client_ = client;
    to_send_ = client ? plan.up : plan.down;
    to_read_ = client ? plan.down : plan.up;
    trailers_ = client ? plan.up_trailers : plan.down_trailers;
    cuts_ = plan.cut == (client ? StreamPlan::Cut::kByClient : StreamPlan::Cut::kByServer);
  }
  bool over() const { return reset_ || (sent_end_ && read_end_); }
  bool read_all() const { return read_end_; }
  bool paused() const { return paused_; }

  void received(std::string_view data, bool end) {
    EXPECT_FALSE(read_end_) << "after the end";
    EXPECT_FALSE(paused_) << "while paused";
    for (char c : data) {
      if (c == StreamPlan::at(read_++)) continue;
      ADD_FAILURE() << "another byte than was sent, at " << read_ - 1;
      return;
    }
    if (end) ended();
  }
  void ended() {
    EXPECT_TRUE(read_ == to_read_ || plan_->cut != StreamPlan::Cut::kNo) << "the end came early";
    read_end_ = true;
  }
  void told_of_reset() {
    EXPECT_NE(plan_->cut, StreamPlan::Cut::kNo) << "nobody reset it";
    paused_ = false;
    EXPECT_TRUE(plan_->cut != StreamPlan::Cut::kEarlyEnd || !client_ || read_end_) << "the response is not whole";
    reset_ = true;
  }
  void told_of_room() { waits_ = false; }

  /// Sends up to `most` bytes, the end behind the last one. False when it may not now.
  bool send(size_t most, Arena& arena) {
    if (!stream_ || reset_ || sent_end_ || waits_) return false;
    if (cuts_ && sent_ >= to_send_ / 2) {
      cut(http::ResetReason::kLocalReset);
      return true;
    }
    size_t limit = to_send_;
    if (!client_ && plan_->echo && !read_end_) limit = std::min(limit, read_);
    // A server that ends first ends the request too.
    const bool early = !client_ && plan_->cut == StreamPlan::Cut::kEarlyEnd;
    const bool may_end = client_ || read_end_ || early;
    const size_t n = std::min(most, limit - sent_);
    const bool last = may_end && sent_ + n == to_send_;
    if (n == 0 && !last) return false;
    std::string bytes(n, '\0');
    for (char& c : bytes) c = StreamPlan::at(sent_++);
    if (last) sent_end_ = true;
    if (last && trailers_) {
      if (n > 0) stream_->send_data(bytes, false);
      http::HeaderList list(arena);
      list.add("x-end", "1");
      stream_->send_trailers(list);
    } else {
      stream_->send_data(bytes, last);
    }
    if (last && early && !read_end_) cut(http::ResetReason::kNone);
    // Only on_writable() lets it go on: one that does not come is found.
    if (!last) waits_ = !stream_->writable();
    return true;
  }
  void pause(bool paused) {
    if (!stream_ || reset_ || read_end_) return;
    paused_ = paused;
    stream_->pause_reading(paused);
  }

  std::string state() const {
    return std::string(client_ ? "client" : "server") + " sent " + std::to_string(sent_) + "/" +
           std::to_string(to_send_) + (sent_end_ ? " and the end" : "") + (waits_ ? " waits" : "") + ", read " +
           std::to_string(read_) + "/" + std::to_string(to_read_) + (read_end_ ? " and the end" : "") +
           (paused_ ? " paused" : "") + (reset_ ? " reset" : "");
  }

 private:
  void cut(http::ResetReason reason) {
    stream_->reset(reason);
    reset_ = true;
    paused_ = false;
  }

  http::Stream* stream_ = nullptr;
  const StreamPlan* plan_ = nullptr;
  size_t to_send_ = 0, to_read_ = 0, sent_ = 0, read_ = 0;
  bool client_ = false, trailers_ = false, cuts_ = false;
  bool sent_end_ = false, read_end_ = false, paused_ = false, waits_ = false, reset_ = false;
};

/// A connection of either peer.
class PeerConnection : public http::CodecPump {
 public:
  PeerConnection(std::unique_ptr<net::Transport> transport, Role role, const http::Http2Options& options)
      : CodecPump(std::move(transport), role), options_(options) {}
  void on_connected() override { begin(true); }
  void on_connect_failed(std::string reason) override { ADD_FAILURE() << reason; }
  void on_closed() override {}
  void count(http::CodecCounter) override {}
  virtual void begin(bool try_read) = 0;
  /// What each stream may be sent shrinks, or grows back, while it is under way (RFC 9113 section 6.9.2). The codec knows
  /// nothing of it: `size` must not be above its own window, and that one must be given back at last.
  void change_window(uint32_t size) {
    if (!codec() || closed()) return;
    char frame[http::h2::kFrameHeaderSize + 6];
    http::h2::write_frame_header(frame, 6, http::h2::FrameType::kSettings, 0, 0);
    http::h2::write_u16(frame + http::h2::kFrameHeaderSize,
                        static_cast<uint16_t>(http::h2::Setting::kInitialWindowSize));
    http::h2::write_u32(frame + http::h2::kFrameHeaderSize + 2, size);
    codec()->output().append({frame, sizeof frame});
    wake();
    shrunk_ = size != options_.stream_window;
  }
  /// False when it is whole.
  bool restore_window() {
    if (shrunk_) change_window(options_.stream_window);
    return std::exchange(shrunk_, false);
  }
  uint32_t window() const { return options_.stream_window; }

 protected:
  const http::Http2Options& options_;

 private:
  bool shrunk_ = false;
};

class StreamClient final : public PeerConnection {
 public:
  struct Call final : http::ResponseReceiver {
    void on_informational(http::ResponseHead&) override {}
    void on_response(http::ResponseHead& head, bool end) override {
      EXPECT_EQ(head.status, 200);
      if (end) half.ended();
    }
    void on_data(std::string_view data, bool end) override { half.received(data, end); }
    void on_trailers(http::HeaderList&) override { half.ended(); }
    void on_reset(http::ResetReason, std::string_view) override { half.told_of_reset(); }
    void on_writable() override { half.told_of_room(); }
    bool send(size_t most) { return half.send(most, arena); }
    Arena arena;
    StreamHalf half;
  };

  StreamClient(std::unique_ptr<net::Transport> transport, const http::Http2Options& options)
      : PeerConnection(std::move(transport), Role::kClient, options) {}
  void begin(bool try_read) override {
    auto codec = std::make_unique<http::h2::ClientConnection>(*this, options_, loop().now());
    codec_ = codec.get();
    start(std::move(codec), try_read);
  }
  /// False when the connection takes no stream now. `number`: of the plan, for the server.
  bool open(const StreamPlan& plan, size_t number) {
    if (!codec_ || codec_->can_open() == 0) return false;
    Call& call = calls.emplace_back();
    http::ClientStream& stream = codec_->open(call, call.arena);
    call.half.begin(stream, plan, true);
    http::RequestHead head(call.arena);
    head.method = "POST";
    head.method_id = http::Method::kPost;
    head.scheme = "http";
    head.authority = "a.test";
    head.path = call.arena.copy("/" + std::to_string(number));
    stream.send_request(head, false);
    return true;
  }
  std::deque<Call> calls;

 private:
  http::h2::ClientConnection* codec_ = nullptr;
};

class StreamServer final : public PeerConnection, public http::ServerHandler {
 public:
  struct Call final : http::RequestReceiver {
    void on_data(std::string_view data, bool end) override { half.received(data, end); }
    void on_trailers(http::HeaderList&) override { half.ended(); }
    void on_reset(http::ResetReason, std::string_view) override { half.told_of_reset(); }
    void on_writable() override { half.told_of_room(); }
    /// As StreamHalf::send(), the head first.
    bool send(size_t most) {
      if (half.over() || (!head_sent && !plan->head_early && !half.read_all())) return false;
      if (!std::exchange(head_sent, true)) {
        http::ResponseHead head(*arena);
        head.status = 200;
        stream->send_response(head, false);
        return true;
      }
      return half.send(most, *arena);
    }
    std::unique_ptr<Arena> arena;
    http::ServerStream* stream = nullptr;
    const StreamPlan* plan = nullptr;
    StreamHalf half;
    bool head_sent = false;
  };

  StreamServer(std::unique_ptr<net::Transport> transport, const http::Http2Options& options,
               const std::vector<StreamPlan>& plans)
      : PeerConnection(std::move(transport), Role::kServer, options), plans_(plans) {}
  void begin(bool try_read) override {
    start(std::make_unique<http::h2::ServerConnection>(*this, *this, options_, loop().now()), try_read);
  }
  http::RequestReceiver& on_request(http::ServerStream& stream, http::RequestHead& head, std::unique_ptr<Arena> arena,
                                    bool end) override {
    Call& call = calls.emplace_back();
    call.arena = std::move(arena);
    call.stream = &stream;
    call.plan = &plans_.at(std::stoul(std::string(head.path.substr(1))));
    call.half.begin(stream, *call.plan, false);
    if (end) call.half.ended();
    return call;
  }
  std::deque<Call> calls;

 private:
  const std::vector<StreamPlan>& plans_;
};

}  // namespace proa::proxy
