#include "net/memory_transport.h"

#include <algorithm>
#include <cerrno>

namespace proa::net {
namespace {

enum What : uint32_t { kConnected = 1, kReadable = 2, kWritable = 4, kHangup = 8 };

}  // namespace

struct MemoryTransport::Wire {
  struct Direction {
    std::string bytes;
    size_t capacity = 1 << 20;
    bool finished = false;  // the writer will send no more
  };
  explicit Wire(Loop& loop) : loop(loop) {}
  Loop& loop;
  MemoryTransport* ends[2] = {};
  uint32_t pending[2] = {};  // what an end is still to be told
  int errors[2] = {};        // what reads and writes of an end fail with
  Direction from[2];         // bytes written by an end
};

MemoryTransport::MemoryTransport(std::shared_ptr<Wire> wire, int side) : wire_(std::move(wire)), side_(side) {
  wire_->ends[side] = this;
  info_->id = next_connection_id();
  const uint8_t last = static_cast<uint8_t>(side + 1);
  info_->local = Address::from_bytes(std::array<uint8_t, 4>{10, 0, 0, last}, static_cast<uint16_t>(last * 1000));
  const uint8_t other = static_cast<uint8_t>(2 - side);
  info_->remote = Address::from_bytes(std::array<uint8_t, 4>{10, 0, 0, other}, static_cast<uint16_t>(other * 1000));
  info_->direct_remote = info_->remote;
}

MemoryTransport::Pair MemoryTransport::make_pair(Loop& loop) {
  auto wire = std::make_shared<Wire>(loop);
  Pair pair;
  pair.first.reset(new MemoryTransport(wire, 0));
  pair.second.reset(new MemoryTransport(wire, 1));
  return pair;
}

Loop& MemoryTransport::loop() { return wire_->loop; }

void MemoryTransport::tell(int side, uint32_t what) {
  bool first = wire_->pending[side] == 0;
  wire_->pending[side] |= what;
  if (!first) return;
  wire_->loop.post([wire = wire_, side] {
    uint32_t what = std::exchange(wire->pending[side], 0);
    if (MemoryTransport* end = wire->ends[side]) deliver(*end, what);
  });
}

void MemoryTransport::deliver(MemoryTransport& end, uint32_t what) {
  // As a socket does; each call may close the end, none may destroy it.
  if (what & kConnected && end.observer_) end.observer_->on_connected();
  if (what & (kReadable | kHangup) && end.open_ && end.observer_) end.observer_->on_readable();
  if (what & (kWritable | kHangup) && end.open_ && end.observer_ && std::exchange(end.want_write_, false)) {
    end.observer_->on_writable();
  }
  if (what & kHangup && end.open_ && end.observer_) end.observer_->on_hangup();
}

void MemoryTransport::announce_connected() { tell(side_, kConnected); }

IoResult MemoryTransport::read(char* to, size_t size) {
  if (!open_) return {.state = IoResult::State::kError, .error = EBADF};
  auto& in = wire_->from[1 - side_];
  if (in.bytes.empty()) {
    if (int error = wire_->errors[side_]) return {.state = IoResult::State::kError, .error = error};
    return {.state = in.finished ? IoResult::State::kEof : IoResult::State::kBlocked};
  }
  size_t n = std::min({size, read_limit_, in.bytes.size()});
  std::copy_n(in.bytes.data(), n, to);
  in.bytes.erase(0, n);
  tell(1 - side_, kWritable);
  bool more = !in.bytes.empty() || in.finished || wire_->errors[side_] != 0;
  return {.bytes = n, .drained = !more};
}

IoResult MemoryTransport::writev(std::span<const iovec> pieces) {
  if (!open_) return {.state = IoResult::State::kError, .error = EBADF};
  auto& out = wire_->from[side_];
  if (int error = wire_->errors[side_]) return {.state = IoResult::State::kError, .error = error};
  if (out.finished || !wire_->ends[1 - side_]) return {.state = IoResult::State::kError, .error = EPIPE};
  size_t wanted = 0;
  size_t sent = 0;
  for (const iovec& piece : pieces) {
    size_t room = out.capacity - std::min(out.capacity, out.bytes.size());
    size_t n = std::min(room, piece.iov_len);
    out.bytes.append(static_cast<const char*>(piece.iov_base), n);
    wanted += piece.iov_len;
    sent += n;
  }
  if (sent) tell(1 - side_, kReadable);
  want_write_ = sent < wanted;
  if (sent == 0 && wanted > 0) return {.state = IoResult::State::kBlocked};
  return {.bytes = sent};
}

void MemoryTransport::shutdown_write() {
  if (!open_ || wire_->from[side_].finished) return;
  wire_->from[side_].finished = true;
  tell(1 - side_, kReadable);
}

void MemoryTransport::close(bool reset) {
  if (!open_) return;
  open_ = false;
  wire_->ends[side_] = nullptr;
  bool finished_before = std::exchange(wire_->from[side_].finished, true);
  int peer = 1 - side_;
  // As TCP: bytes that nobody will read turn a close into a reset.
  if (reset || !wire_->from[peer].bytes.empty()) {
    if (reset) wire_->from[side_].bytes.clear();
    wire_->errors[peer] = ECONNRESET;
    tell(peer, kHangup);
  } else {
    // A peer that has finished too is gone both ways; another learns of it by its next write.
    bool both = wire_->from[peer].finished;
    if (!finished_before || both) tell(peer, both ? kReadable | kHangup : kReadable);
  }
}

void MemoryTransport::limit_writes(size_t bytes) {
  wire_->from[side_].capacity = bytes;
  if (want_write_ && wire_->from[side_].bytes.size() < bytes) tell(side_, kWritable);
}

void MemoryTransport::fail_with(int error) {
  wire_->errors[side_] = error;
  tell(side_, kHangup);
}

bool MemoryTransport::send(std::string_view bytes) {
  iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  IoResult result = writev(std::span(&piece, 1));
  return result.ok() && result.bytes == bytes.size();
}

std::string MemoryTransport::receive() {
  std::string out = std::exchange(wire_->from[1 - side_].bytes, {});
  if (!out.empty()) tell(1 - side_, kWritable);
  return out;
}

bool MemoryTransport::peer_finished() const { return wire_->from[1 - side_].finished; }
bool MemoryTransport::was_reset() const { return wire_->errors[side_] == ECONNRESET; }

}  // namespace proa::net
