// A network for tests in which everything happens at random: how much a write takes, when bytes arrive and in what
// portions, when an end is told of them. Only in tests.
#pragma once

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/transport.h"

namespace proa::net {

/// Connections whose ends behave as sockets that are watched edge-triggered (net/socket_transport.h). Nothing moves by
/// itself: the test calls move() and tell() in the order of its random numbers. Random has below(n), uniform in [0, n).
template <class Random>
class TestNetwork {
 public:
  class End;
  struct Pair {
    std::unique_ptr<End> first, second;
  };

  /// `grain`: the most bytes that move at a time.
  TestNetwork(Random& random, size_t grain) : random_(random), grain_(grain) {}

  /// `first` on one loop, `second` on another or the same. `capacity`: bytes that each direction holds.
  Pair connect(Loop& first, Loop& second, size_t capacity) {
    auto wire = std::make_shared<Wire>();
    wire->capacity = std::max<size_t>(capacity, 1);
    wires_.push_back(wire);
    return {std::make_unique<End>(wire, 0, first), std::make_unique<End>(wire, 1, second)};
  }

  /// Some bytes of one connection come closer to their reader, perhaps.
  void move() {
    if (wires_.empty()) return;
    move(*wires_[random_.below(wires_.size())], static_cast<int>(random_.below(2)), 1 + random_.below(grain_));
  }
  /// All that has been sent arrives. False when there was nothing.
  bool move_all() {
    bool moved = false;
    for (auto& wire : wires_) {
      for (int side : {0, 1}) moved |= move(*wire, side, SIZE_MAX);
    }
    return moved;
  }
  /// Tells ends on `loop` what happened to them: each with a probability of one half, or all. As a loop's own events:
  /// call it before the loop's turn. False when there was nothing to tell.
  bool tell(Loop& loop, bool all) {
    bool told = false;
    for (size_t i = 0; i < wires_.size(); ++i) {  // what is told may connect more
      for (int side : {0, 1}) {
        std::shared_ptr<Wire> wire = wires_[i];
        End* end = wire->ends[static_cast<size_t>(side)];
        if (!end || &end->loop() != &loop || !end->edge_ || (!all && random_.below(2) == 0)) continue;
        told = true;
        loop.post([wire, side] {
          if (End* still = wire->ends[static_cast<size_t>(side)]) still->deliver();
        });
      }
    }
    return told;
  }
  /// When nothing moves and all has been told, ends that always read, and write all they have, leave nothing. What is
  /// wrong, or empty.
  std::string left_over() const {
    for (const auto& wire : wires_) {
      for (const End* end : wire->ends) {
        if (end && !end->settled()) return end->state();
      }
    }
    return {};
  }

 private:
  struct Wire {
    struct Direction {
      std::string sent;     // taken from the writer, under way
      std::string arrived;  // not read yet
      bool finished = false, end_arrived = false;
    };
    size_t room(size_t side) const {
      const Direction& out = from[side];
      return capacity - std::min(capacity, out.sent.size() + out.arrived.size());
    }
    size_t capacity = 0;
    std::array<Direction, 2> from;  // what an end has written
    std::array<End*, 2> ends{};
  };

  bool move(Wire& wire, int side, size_t most) {
    auto& way = wire.from[static_cast<size_t>(side)];
    End* reader = wire.ends[static_cast<size_t>(1 - side)];
    const size_t n = std::min(most, way.sent.size());
    const bool end = way.finished && n == way.sent.size() && !way.end_arrived;
    if (n == 0 && !end) return false;
    way.arrived.append(way.sent, 0, n);
    way.sent.erase(0, n);
    way.end_arrived = way.end_arrived || end;
    if (reader) {
      reader->edge_ = true;
    } else {
      way.arrived.clear();
      if (End* writer = wire.ends[static_cast<size_t>(side)]) writer->edge_ = true;
    }
    return true;
  }

  Random& random_;
  const size_t grain_;
  std::vector<std::shared_ptr<Wire>> wires_;
};

template <class Random>
class TestNetwork<Random>::End final : public Transport {
 public:
  End(std::shared_ptr<Wire> wire, size_t side, Loop& loop) : wire_(std::move(wire)), side_(side), loop_(loop) {
    wire_->ends[side] = this;
    info_->id = next_connection_id();
    const auto last = static_cast<uint8_t>(side + 1);
    info_->local = Address::from_bytes(std::array<uint8_t, 4>{10, 0, 0, last}, 1000);
    info_->remote = info_->direct_remote =
        Address::from_bytes(std::array<uint8_t, 4>{10, 0, 0, static_cast<uint8_t>(3 - last)}, 2000);
  }
  ~End() override { close(); }

  /// on_connected() comes when it is told next.
  void announce_connected() {
    connecting_ = true;
    edge_ = true;
  }

  IoResult read(char* to, size_t size) override {
    if (!open_) return {.state = IoResult::State::kError, .error = EBADF};
    auto& in = wire_->from[1 - side_];
    if (connecting_) return {.state = IoResult::State::kBlocked};
    if (in.arrived.empty()) return {.state = in.end_arrived ? IoResult::State::kEof : IoResult::State::kBlocked};
    const size_t n = std::min(size, in.arrived.size());
    std::copy_n(in.arrived.data(), n, to);
    in.arrived.erase(0, n);
    if (End* writer = peer(); writer && std::exchange(writer->no_room_, false)) writer->edge_ = true;
    return {.bytes = n, .drained = n < size && !in.end_arrived};
  }
  IoResult writev(std::span<const iovec> pieces) override {
    if (!open_) return {.state = IoResult::State::kError, .error = EBADF};
    if (connecting_) {
      want_write_ = true;
      return {.state = IoResult::State::kBlocked};
    }
    if (!peer()) return {.state = IoResult::State::kError, .error = EPIPE};
    size_t sent = 0, wanted = 0;
    for (const iovec& piece : pieces) {
      const size_t n = std::min(wire_->room(side_), piece.iov_len);
      wire_->from[side_].sent.append(static_cast<const char*>(piece.iov_base), n);
      wanted += piece.iov_len;
      sent += n;
    }
    if (sent < wanted) want_write_ = no_room_ = true;
    if (sent == 0 && wanted > 0) return {.state = IoResult::State::kBlocked};
    return {.bytes = sent};
  }
  void shutdown_write() override { wire_->from[side_].finished = true; }
  void close(bool) override {
    if (!std::exchange(open_, false)) return;
    wire_->ends[side_] = nullptr;
    wire_->from[side_].finished = true;
    if (End* other = peer()) other->edge_ = true;
  }
  void close() { close(false); }
  bool open() const override { return open_; }
  Loop& loop() override { return loop_; }

  /// A line on what stands still, for a test that fails.
  std::string state() const {
    const auto& in = wire_->from[1 - side_];
    return "unread " + std::to_string(in.arrived.size()) + " under way " + std::to_string(in.sent.size()) +
           (want_write_ ? " waits for room of " : " room ") + std::to_string(wire_->room(side_)) +
           (edge_ ? " untold" : "");
  }

 private:
  friend class TestNetwork;
  bool settled() const { return wire_->from[1 - side_].arrived.empty() && (!want_write_ || !peer()); }
  End* peer() const { return wire_->ends[1 - side_]; }

  // As SocketTransport::on_events: an edge shows everything that is so when the poller looks.
  void deliver() {
    edge_ = false;
    if (!observer_) return;
    if (std::exchange(connecting_, false)) {
      observer_->on_connected();
      if (!open_) return;
    }
    const auto& in = wire_->from[1 - side_];
    const bool writable = wire_->room(side_) > 0 || !peer();
    if ((!in.arrived.empty() || in.end_arrived) && observer_) observer_->on_readable();
    if (open_ && writable && observer_ && std::exchange(want_write_, false)) observer_->on_writable();
    if (open_ && !peer() && in.sent.empty() && observer_ && !std::exchange(hung_up_, true)) {
      observer_->on_hangup();
    }
  }

  std::shared_ptr<Wire> wire_;
  const size_t side_;
  Loop& loop_;
  bool open_ = true;
  bool connecting_ = false;
  bool want_write_ = false;  // the last write was cut: tell of room
  bool no_room_ = false;     // and the kernel has noted it
  bool edge_ = false;        // something is to be told
  bool hung_up_ = false;
};

}  // namespace proa::net
